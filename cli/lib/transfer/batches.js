/** What a reader finds, as batches. */

const { Batch } = require('./batch')

/** How long pairs wait for others, in ms. */
const LONGEST = 50

/** How many characters of ids make a batch full: of long ids fewer are on their way at once. */
const MOST = 256 * 1_024

class Batches {
  #size
  #wants
  #full = []
  #current = new Batch()
  #characters = 0
  #began = performance.now()

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
    this.#characters += botmaticId.length + extId.length
    if (batch.count === this.#size || this.#characters >= MOST) this.#close()
  }

  /** Whether a batch is full. */
  get isFull() {
    return this.#full.length > 0
  }

  /** A line that is no pair. */
  reject(line, reason, text) {
    const batch = this.#current
    batch.rejected.push({ line, reason, text })
    if (batch.rejected.length === this.#size) this.#close()
  }

  /**
   * The batches so far; few pairs wait for more, but not for long.
   * @param {() => object} [end] tells where the source may be taken up again once what was read is done
   */
  take(end) {
    const { count, rejected } = this.#current
    const isLate = performance.now() - this.#began > LONGEST
    const isLarge = this.isFull || Math.max(count, rejected.length) >= this.#size / 2
    return isLate || isLarge ? this.rest(end) : []
  }

  /** All of them. */
  rest(end) {
    this.#current.end = end?.()
    this.#close()
    return this.#full.splice(0)
  }

  #close() {
    this.#full.push(this.#current)
    this.#current = new Batch()
    this.#characters = 0
    this.#began = performance.now()
  }
}

module.exports = { Batches }
