/** No more than so many pairs a second. */

const { setTimeout } = require('node:timers/promises')

class Pace {
  #rate
  #job
  #due = performance.now()

  /**
   * @param {number | undefined} rate pairs a second; as many as there are without one
   * @param {import('../job').Job} job whose end is the end of waiting
   */
  constructor(rate, job) {
    this.#rate = rate
    this.#job = job
  }

  /** Resolves when so many pairs may go. */
  async take(count) {
    if (this.#rate === undefined) return
    const now = performance.now()
    // What was not used is not made up for.
    this.#due = Math.max(this.#due, now)
    const wait = this.#due - now
    this.#due += (count / this.#rate) * 1_000
    if (wait > 0) await this.#job.within(setTimeout(wait))
  }
}

module.exports = { Pace }
