/** A set of texts that keeps 8 bytes of each: a listing gives some ids twice, and may give millions. */

/** How full it may be. */
const LOAD = 0.75

const FIRST_SIZE = 1 << 12

/** Two numbers of a text, of 32 bits each (FNV-1a and a relative of it). */
const hash = (text) => {
  let one = 0x811c9dc5
  let other = 0x9e3779b9
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n)
    one = Math.imul(one ^ code, 0x01000193)
    other = Math.imul(other ^ code, 0x85ebca6b)
    other = (other << 13) | (other >>> 19)
  }
  one = Math.imul(one ^ (one >>> 16), 0xc2b2ae35)
  other = Math.imul(other ^ (other >>> 15), 0x27d4eb2f)
  // 0 is an empty place.
  return [(one ^ (one >>> 13)) >>> 0 || 1, (other ^ (other >>> 16)) >>> 0]
}

class Seen {
  size = 0
  #table = new Uint32Array(2 * FIRST_SIZE)

  /** Adds a text, and gives whether it is new. That two are taken for one is less likely than 1 in 10^5 at 10^7. */
  add(text) {
    if (this.size >= (LOAD * this.#table.length) / 2) this.#grow()
    const isNew = this.#put(this.#table, ...hash(text))
    if (isNew) this.size++
    return isNew
  }

  #put(table, one, other) {
    const mask = table.length / 2 - 1
    for (let at = other & mask; ; at = (at + 1) & mask) {
      if (table[2 * at] === 0) {
        table[2 * at] = one
        table[2 * at + 1] = other
        return true
      }
      if (table[2 * at] === one && table[2 * at + 1] === other) return false
    }
  }

  #grow() {
    const before = this.#table
    this.#table = new Uint32Array(2 * before.length)
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] !== 0) this.#put(this.#table, before[at], before[at + 1])
    }
  }
}

module.exports = { Seen }
