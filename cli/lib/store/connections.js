/** What happens to the connections of the stores. */

const { subscribe, unsubscribe } = require('node:diagnostics_channel')

const CHANNEL = 'js-redis-key-store:connection'

class Connections {
  #screen
  /** What is wrong now, by server. */
  #troubles = new Map()

  /** @param {import('../screen/screen').Screen} screen where it is told */
  constructor(screen) {
    this.#screen = screen
    subscribe(CHANNEL, this.#hear)
  }

  /** What is wrong now, as text; empty when nothing is. */
  get trouble() {
    return [...this.#troubles.values()].join('; ')
  }

  close() {
    unsubscribe(CHANNEL, this.#hear)
  }

  #hear = ({ state, server, reason }) => {
    if (state === 'warning') this.#screen.warn(`${server}: ${reason}`)
    if (state === 'ready' && this.#troubles.delete(server)) {
      this.#screen.note(`connected to ${server} again`)
    }
    if (state !== 'lost' && state !== 'failed') return
    const text = `${server}: ${reason ?? 'the connection was lost'}`
    if (this.#troubles.has(server)) {
      this.#troubles.set(server, text)
      return
    }
    this.#troubles.set(server, text)
    this.#screen.warn(`${text}; waiting for it`)
  }
}

module.exports = { Connections }
