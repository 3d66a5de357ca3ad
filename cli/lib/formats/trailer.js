/** The last line of an export: how many pairs stand before it, and the checksum of their lines. */

const { createHash } = require('node:crypto')

/** Counts and sums up lines as they are written or read. */
class Trailer {
  pairs = 0
  #hash = createHash('sha256')

  /** A line, its end included. */
  add(line) {
    this.pairs++
    this.#hash.update(line)
  }

  get sha256() {
    return this.#hash.copy().digest('hex')
  }

  /** What is wrong with what a file says of itself; `undefined` when it is right. */
  complaint(said) {
    if (!said) {
      return 'it does not end with its line of counts, so it may have been cut off; --no-check takes it all the same'
    }
    if (said.pairs !== this.pairs)
      return `it says that it has ${said.pairs} pairs, and has ${this.pairs}`
    return said.sha256 === this.sha256
      ? undefined
      : 'its lines are not those that were written: the checksum differs'
  }
}

module.exports = { Trailer }
