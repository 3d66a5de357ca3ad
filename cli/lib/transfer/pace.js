/** No more than so many pairs a second. */

const { setTimeout } = require('node:timers/promises')

class Pace {
  #rate
  #signal
  #due = performance.now()

  /**
   * @param {number | undefined} rate pairs a second; as many as there are without one
   * @param {AbortSignal} signal ends the waiting
   */
  constructor(rate, signal) {
    this.#rate = rate
    this.#signal = signal
  }

  /** Resolves when so many pairs may go. */
  async take(count) {
    if (this.#rate === undefined) return
    const now = performance.now()
    // What was not used is not made up for.
    this.#due = Math.max(this.#due, now)
    const wait = this.#due - now
    this.#due += (count / this.#rate) * 1_000
    if (wait > 0) await setTimeout(wait, undefined, { signal: this.#signal })
  }
}

module.exports = { Pace }
