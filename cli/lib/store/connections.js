/** What happens to the connections of the stores. */

const { subscribe, unsubscribe } = require('node:diagnostics_channel')

const CHANNEL = 'js-redis-key-store:connection'

/** How long a change must last to be told, in ms: a refused call ends the command before, and says why itself. */
const LASTING = 250

class Connections {
  /** How often one was lost or came back. */
  changes = 0
  #screen
  /** By server what is wrong with it, `{text, isTold, timer}`. */
  #troubles = new Map()

  /** @param {import('../screen/screen').Screen} screen where it is told */
  constructor(screen) {
    this.#screen = screen
    subscribe(CHANNEL, this.#hear)
  }

  /** What is wrong now, as text; empty when nothing is. */
  get trouble() {
    return [...this.#troubles.values()].map(({ text }) => text).join('; ')
  }

  close() {
    unsubscribe(CHANNEL, this.#hear)
    for (const { timer } of this.#troubles.values()) clearTimeout(timer)
  }

  #hear = ({ state, server, reason = 'the connection was lost' }) => {
    if (state === 'warning') this.#screen.warn(`${server}: ${reason}`)
    if (state === 'lost' || state === 'failed') {
      if (state === 'lost') this.changes++
      // Most reasons name the server.
      const text = reason.startsWith(server) ? reason : `${server}: ${reason}`
      this.#change(server, { ...this.#troubles.get(server), text }, (trouble) => {
        if (!trouble.isTold) this.#screen.warn(`${text}; waiting for it`)
        trouble.isTold = true
      })
    }
    if (state !== 'ready' || !this.#troubles.has(server)) return
    this.changes++
    // One that refuses all it is asked for is ready now and then.
    this.#change(server, this.#troubles.get(server), ({ isTold }) => {
      this.#troubles.delete(server)
      if (isTold) this.#screen.note(`connected to ${server} again`)
    })
  }

  /** Calls `tell` once nothing else has happened to the server for a while. */
  #change(server, trouble, tell) {
    clearTimeout(trouble.timer)
    trouble.timer = setTimeout(tell, LASTING, trouble)
    trouble.timer.unref()
    this.#troubles.set(server, trouble)
  }
}

module.exports = { Connections }
