/**
 * Whoever made a store from an address and listens to nothing would not hear of an outage before the
 * first deadline, an hour later perhaps. So one warning an outage says what waits for what, and why.
 */

const { calls, connections } = require('../shared/channels')
const { clearTimeout, clock, setTimeout } = require('../shared/globals')

/** How long calls may wait before it is told, in ms. */
const PATIENCE = 5_000

const CODE = 'KEY_STORE_WAITS'

class Silence {
  /** Weak: the native side keeps what hears of its connection alive, and must not the store. */
  #store
  #timer
  /** When the outage began, and how many calls had been answered by then. */
  #since
  #answered
  #isTold = false
  #reason

  /** @param {object} store which tells in `counts()` how many calls wait and how many were answered */
  constructor(store) {
    this.#store = new WeakRef(store)
  }

  /** Hears what happens to the connection. */
  hear(state, server, reason) {
    clearTimeout(this.#timer)
    if (state === 'ready') return
    const answered = this.#store.deref()?.counts().answered
    if (this.#since === undefined || answered !== this.#answered) {
      this.#since = clock()
      this.#answered = answered
      this.#isTold = false
      this.#reason = undefined
    }
    this.#reason = reason || this.#reason || `${server} has not answered yet`
    if (this.#isTold) return
    const left = Math.max(0, this.#since + PATIENCE - clock())
    this.#timer = setTimeout(() => this.#tell(), left).unref()
  }

  #tell() {
    const { pending, answered } = this.#store.deref()?.counts() ?? { pending: 0 }
    if (pending === 0 || answered !== this.#answered) {
      this.#since = undefined
      return
    }
    if (calls.hasSubscribers || connections.hasSubscribers) return
    this.#isTold = true
    const waiting = pending === 1 ? '1 call waits' : `${pending} calls wait`
    process.emitWarning(
      `js-redis-key-store: ${waiting} since ${PATIENCE / 1_000} s, each until its deadline ` +
        `(readTimeout, writeTimeout): ${this.#reason}. Pass onError to hear of calls that fail`,
      { type: 'KeyStoreWarning', code: CODE }
    )
  }
}

module.exports = { Silence }
