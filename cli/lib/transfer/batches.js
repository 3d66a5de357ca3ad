/** What a reader finds, as batches. */

const { Batch } = require('./batch')

class Batches {
  #size
  #wants
  #full = []
  #current = new Batch()

  /**
   * @param {number} size most pairs of one
   * @param {(integrationId: string) => boolean} [wants] which integrations are taken; all of them by default
   */
  constructor(size, wants) {
    this.#size = size
    this.#wants = wants
  }

  /** A pair that was read; the ids are texts that are not empty. */
  pair(integrationId, botmaticId, extId, line, text) {
    if (this.#wants && !this.#wants(integrationId)) return
    const batch = this.#current
    batch.add(integrationId, botmaticId, extId, line, text)
    if (batch.count === this.#size) this.#close()
  }

  /** A line that is no pair. */
  reject(line, reason, text) {
    const batch = this.#current
    batch.rejected.push({ line, reason, text })
    if (batch.rejected.length === this.#size) this.#close()
  }

  /** The batches so far; once the last of them is done, the source may be taken up again at `end`. */
  take(end) {
    this.#current.end = end
    this.#close()
    return this.#full.splice(0)
  }

  #close() {
    this.#full.push(this.#current)
    this.#current = new Batch()
  }
}

module.exports = { Batches }
