/** The engine's own, which the application may have replaced. */
const { constructor: NativePromise } = (async () => {})()

const now = NativePromise.resolve()

/** The number of a promise, of which the native side gives -1 less it to tell something more. */
const plain = (number) => (number < 0 ? -1 - number : number)

/** Promises of calls on a link, which the native side settles by the numbers that it gives them. */
class Promises {
  #resolves
  #endBurst

  /** `resolves` has the waiting ones, by their numbers, for `settler`. */
  constructor(link, resolves) {
    this.#resolves = resolves
    this.#endBurst = () => link.endBurst()
  }

  /** The promise of a native call, which gives its number or, when it is done already, its result. */
  make(call) {
    return new NativePromise((resolve) => {
      const answer = call()
      if (typeof answer !== 'number') return resolve(answer)
      this.#resolves[plain(answer)] = resolve
      // Once all who have just got a result have made their next call.
      if (answer < 0) now.then(this.#endBurst)
    })
  }
}

/**
 * What the native side settles promises with. It takes number and result of each, in turn; of one
 * that failed, -1 less its number and the error. The native side keeps it alive: it must not know
 * the link.
 */
const settler =
  (resolves) =>
  (...settled) => {
    for (let at = 0; at < settled.length; at += 2) {
      const number = plain(settled[at])
      const isFailed = settled[at] < 0
      const resolve = resolves[number]
      resolves[number] = undefined
      resolve(isFailed ? NativePromise.reject(settled[at + 1]) : settled[at + 1])
    }
  }

module.exports = { Promises, settler }
