/** Which texts there were, of millions: `SCAN` gives some keys twice. */

const { randomInt } = require('node:crypto')

/** By the first 16 bits of a text's hash it has a bucket, which keeps the other 48 in blocks. */
const BUCKETS = 2 ** 16
/** So many texts a block: 3 numbers each, and 2 that tell the block before. */
const TEXTS = 32
const BLOCK = 3 * TEXTS + 2
const BEFORE = 3 * TEXTS
/** So many blocks are made at once. */
const SHIFT = 10
const SLAB = 2 ** SHIFT

const LIMIT = 2 ** 32

/**
 * A set that keeps 6 bytes of each text: 65 MB of 10,000,000. It takes two for one once in 300,000 such
 * sets, and nobody can tell beforehand which.
 */
class Seen {
  #seeds = [randomInt(LIMIT), randomInt(LIMIT)]
  #slabs = [new Uint16Array(SLAB * BLOCK)]
  /** The number of the next block: 0 is none. */
  #blocks = 1
  /** Of each bucket, the number of its last block, and how many texts are in that. */
  #last = new Uint32Array(BUCKETS)
  #filled = new Uint8Array(BUCKETS)

  /** Adds a text, and tells whether it is new. */
  add(text) {
    let [one, other] = this.#seeds
    for (let n = 0; n < text.length; n++) {
      const code = text.charCodeAt(n)
      one = Math.imul(one ^ code, 0x85ebca6b)
      one ^= one >>> 15
      other = Math.imul(other ^ code, 0xc2b2ae35)
      other ^= other >>> 13
    }
    // As murmur3 ends, so that each bit depends on all.
    one = Math.imul(one ^ text.length ^ (other >>> 16), 0x85ebca6b)
    one = Math.imul(one ^ (one >>> 13), 0xc2b2ae35)
    one ^= one >>> 16
    other = Math.imul(other ^ one, 0x27d4eb2f)
    other ^= other >>> 15
    return this.#put(one >>> 16, one & 0xffff, other >>> 16, other & 0xffff)
  }

  #put(bucket, first, second, third) {
    let count = this.#filled[bucket]
    for (let block = this.#last[bucket]; block > 0; count = TEXTS) {
      const slab = this.#slabs[block >>> SHIFT]
      const start = (block & (SLAB - 1)) * BLOCK
      const end = start + 3 * count
      for (let at = start; at < end; at += 3) {
        if (slab[at] === first && slab[at + 1] === second && slab[at + 2] === third) return false
      }
      block = slab[start + BEFORE] * BUCKETS + slab[start + BEFORE + 1]
    }
    if (this.#last[bucket] === 0 || this.#filled[bucket] === TEXTS) this.#addBlock(bucket)
    const block = this.#last[bucket]
    const slab = this.#slabs[block >>> SHIFT]
    const at = (block & (SLAB - 1)) * BLOCK + 3 * this.#filled[bucket]++
    slab[at] = first
    slab[at + 1] = second
    slab[at + 2] = third
    return true
  }

  #addBlock(bucket) {
    const block = this.#blocks++
    if (block % SLAB === 0) this.#slabs.push(new Uint16Array(SLAB * BLOCK))
    const before = this.#last[bucket]
    const slab = this.#slabs[block >>> SHIFT]
    const at = (block & (SLAB - 1)) * BLOCK + BEFORE
    slab[at] = before / BUCKETS
    slab[at + 1] = before % BUCKETS
    this.#last[bucket] = block
    this.#filled[bucket] = 0
  }
}

module.exports = { Seen }
