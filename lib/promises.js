/** The engine's own, which the application may have replaced. */
const { constructor: NativePromise } = (async () => {})()

/** Promises that the native side settles, by the numbers that it gives them. */
class Promises {
  #resolves = []

  /** The promise of a native call, which gives its number or, when it is done already, its result. */
  make(call) {
    return new NativePromise((resolve) => {
      const answer = call()
      if (typeof answer === 'number') this.#resolves[answer] = resolve
      else resolve(answer)
    })
  }

  /** Takes number and result of each, in turn; of one that failed, -1 less its number and the error. */
  settle = (...settled) => {
    for (let at = 0; at < settled.length; at += 2) {
      const isFailed = settled[at] < 0
      const number = isFailed ? -1 - settled[at] : settled[at]
      const resolve = this.#resolves[number]
      this.#resolves[number] = undefined
      resolve(isFailed ? NativePromise.reject(settled[at + 1]) : settled[at + 1])
    }
  }
}

module.exports = { Promises }
