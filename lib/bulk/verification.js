/** What `verifyIds` gives: it can be gone through for what is wrong, and awaited for the counts. */

const { NativePromise } = require('../shared/globals')

class Verification {
  #findings
  #counts
  #resolve
  #reject
  #hasBegun = false

  /** @param {AsyncGenerator} findings which returns the counts */
  constructor(findings) {
    this.#findings = findings
    this.#counts = new NativePromise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Who goes through it hears of a failure there.
    this.#counts.catch(() => {})
  }

  /** Once: a second time there is nothing left. */
  async *[Symbol.asyncIterator]() {
    this.#hasBegun = true
    let isOver = false
    try {
      for (;;) {
        const { done, value } = await this.#findings.next()
        if (done) {
          isOver = true
          this.#resolve(value)
          return
        }
        yield value
      }
    } catch (error) {
      isOver = true
      this.#reject(error)
      throw error
    } finally {
      if (!isOver) {
        this.#reject(new Error('verifyIds was left before its end, so there are no counts'))
        await this.#findings.return()
      }
    }
  }

  get [Symbol.toStringTag]() {
    return 'Verification'
  }

  async #drain() {
    for await (const _ of this) {
      // The counts are enough.
    }
  }

  // biome-ignore lint/suspicious/noThenProperty: it is awaited.
  then(onCounts, onError) {
    if (!this.#hasBegun) this.#drain().catch(() => {})
    return this.#counts.then(onCounts, onError)
  }

  catch(onError) {
    return this.then(undefined, onError)
  }

  finally(onEnd) {
    return this.then().finally(onEnd)
  }
}

module.exports = { Verification }
