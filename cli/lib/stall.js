/** Ends what does nothing any more. */

class Stall {
  #last = performance.now()
  #timer

  /**
   * @param {number} limit in ms
   * @param {() => void} onStall called once, when nothing was done for so long
   */
  constructor(limit, onStall) {
    this.#timer = setInterval(
      () => {
        if (performance.now() - this.#last < limit) return
        this.stop()
        onStall()
      },
      Math.min(limit, 250)
    )
    this.#timer.unref()
  }

  /** Something was done. */
  touch() {
    this.#last = performance.now()
  }

  /** Nothing is expected until the next touch. */
  pause() {
    this.#last = Number.POSITIVE_INFINITY
  }

  stop() {
    clearInterval(this.#timer)
  }
}

module.exports = { Stall }
