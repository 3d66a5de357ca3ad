/** What bulk calls and walks take beside their arguments: `signal`, `onProgress`, `repair`. */

const { readOptions } = require('../settings/check')
const { log, reasonOf } = require('../shared/log')

const KNOWN = { signal: 'signal', onProgress: 'function' }

/** Of a call: whether it is to stop, and who hears how far it has come. */
class Given {
  #onProgress
  /** How many ids, pairs or halves were done, how many of them failed, and of how many, if that is known. */
  #progress = { done: 0, failed: 0, total: undefined }

  /** Fails with a TypeError that names what is wrong. */
  constructor(given = {}, known = {}) {
    const { signal, onProgress, ...others } = readOptions(given, { ...KNOWN, ...known })
    this.signal = signal
    this.others = others
    this.#onProgress = onProgress
  }

  /** How many there are to do. */
  expect(total) {
    this.#progress.total = total
  }

  /** So many more are done, of which so many failed. */
  tell(done, failed = 0) {
    this.#progress.done += done
    this.#progress.failed += failed
    if (this.#onProgress) this.#hear({ ...this.#progress })
  }

  /** What the application's own function throws, or rejects with, harms nothing. */
  async #hear(progress) {
    try {
      await this.#onProgress(progress)
    } catch (thrown) {
      log('onProgress failed: %s', reasonOf(thrown))
    }
  }
}

module.exports = { Given }
