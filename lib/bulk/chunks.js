/** What is given one by one, in chunks: each is read when it is asked for, and no sooner. */

const { kindOf, refuse } = require('../settings/check')
const { NativePromise } = require('../shared/globals')

class Chunks {
  /** Whether chunks are promised. */
  isAsync
  /** Whether all is read. */
  isOver = false
  #iterator
  #size
  #take
  #signal
  /** Whether the iterator was asked for a value that it has not given yet. */
  #isOwed = false

  /**
   * Of `size` values each, the last one of fewer: arrays of what `take(array, value)` makes of them.
   * @param {Iterable<unknown> | AsyncIterable<unknown>} source
   */
  constructor(source, size, take, signal) {
    // A text has characters, which nobody means.
    const own = typeof source === 'object' && source !== null ? source : {}
    const begin = own[Symbol.asyncIterator] ?? own[Symbol.iterator]
    if (typeof begin !== 'function') {
      throw refuse(`pass an array, an iterable or an async iterable, not ${kindOf(source)}`)
    }
    this.isAsync = begin === own[Symbol.asyncIterator]
    this.#iterator = begin.call(own)
    this.#size = size
    this.#take = take
    this.#signal = signal
  }

  /** The next one, or a promise of it; empty at the end. */
  next() {
    return this.isAsync ? this.#gather() : this.#fill()
  }

  #fill() {
    const chunk = []
    for (let count = 0; count < this.#size && !this.isOver; count++) {
      // One that throws is over.
      this.isOver = true
      const { done, value } = this.#iterator.next()
      this.isOver = Boolean(done)
      if (!done) this.#take(chunk, value)
    }
    return chunk
  }

  async #gather() {
    const chunk = []
    for (let count = 0; count < this.#size && !this.isOver; count++) {
      const { done, value } = await this.#promised()
      this.isOver = Boolean(done)
      if (!done) this.#take(chunk, value)
    }
    return chunk
  }

  /** The next value, which an abort does not wait for. (A race with one promise would keep something of each.) */
  #promised() {
    const signal = this.#signal
    this.#isOwed = true
    return new NativePromise((resolve, reject) => {
      const abort = () => reject(signal.reason)
      signal?.addEventListener('abort', abort, { once: true })
      const came = () => {
        signal?.removeEventListener('abort', abort)
        this.#isOwed = false
      }
      const fail = (error) => {
        came()
        this.isOver = true
        reject(error)
      }
      const give = (next) => {
        came()
        resolve(next)
      }
      try {
        NativePromise.resolve(this.#iterator.next()).then(give, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /**
   * Lets the iterator go where it was, when it is not over. It is not waited for where it owes a value,
   * and what it says changes nothing.
   */
  async leave() {
    if (this.isOver) return
    try {
      const left = NativePromise.resolve(this.#iterator.return?.())
      left.catch(() => {})
      if (!this.#isOwed) await left
    } catch {
      // As above.
    }
  }
}

module.exports = { Chunks }
