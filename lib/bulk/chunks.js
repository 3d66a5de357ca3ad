/** What is given one by one, in chunks: each is read when it is asked for, and no sooner. */

const { abortable } = require('./abortable')
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
      const { done, value } = await abortable(this.#promised(), this.#signal)
      this.isOver = Boolean(done)
      if (!done) this.#take(chunk, value)
    }
    return chunk
  }

  async #promised() {
    this.#isOwed = true
    try {
      return await this.#iterator.next()
    } catch (error) {
      this.isOver = true
      throw error
    } finally {
      this.#isOwed = false
    }
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
