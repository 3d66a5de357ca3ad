/** A stream of bytes as pieces that end where a line does. */

const { createHash } = require('node:crypto')
const { usage } = require('../trouble')

const NEWLINE = 10
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const UTF_16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])]

/** Of a line, in bytes: it has to be in memory whole. */
const LONGEST = 16 * 1024 * 1024

/** What is read instead of a longer one; it is no pair in any format. */
const TOO_LONG = Buffer.from(`(a line of more than ${LONGEST} bytes)`)

class Pieces {
  /** Bytes of the stream up to the end of the piece. */
  offset = 0
  /** The last line, once it is the piece. */
  last
  #hash
  #chunks
  #name
  #isTooLong = false

  /**
   * @param {AsyncIterable<Buffer>} chunks
   * @param {string} name of the file, for messages
   * @param {{isHashed?: boolean}} [options] whether `sha256` is wanted
   */
  constructor(chunks, name, { isHashed = false } = {}) {
    this.#chunks = chunks
    this.#name = name
    if (isHashed) this.#hash = createHash('sha256')
  }

  /** The SHA-256 of the bytes up to the end of the piece, or up to the last line once it is the piece. */
  get sha256() {
    return this.#hash?.copy().digest('hex')
  }

  /** Pieces of whole lines; the last line always is a piece of its own, and may lack its end. */
  async *[Symbol.asyncIterator]() {
    let held = []
    let size = 0
    let isFirst = true
    for await (const chunk of this.#chunks) {
      held.push(chunk)
      size += chunk.length
      // What holds no end of a line, and is not too much, need not be looked at again.
      if (chunk.indexOf(NEWLINE) < 0 && size < LONGEST) continue
      const bytes = held.length === 1 ? chunk : Buffer.concat(held)
      // One that is not the last byte: the last line stays.
      const end = bytes.lastIndexOf(NEWLINE, -2) + 1
      if (end > 0) {
        yield this.#piece(bytes.subarray(0, end), isFirst)
        isFirst = false
      } else if (size >= LONGEST) {
        this.#skip(bytes)
        held = []
        size = 0
        continue
      }
      held = [bytes.subarray(end)]
      size = held[0].length
    }
    if (size === 0 && !this.#isTooLong) return
    const hash = this.#hash
    this.#hash = undefined
    this.last = this.#piece(Buffer.concat(held), isFirst)
    this.#hash = hash
    yield this.last
  }

  #piece(bytes, isFirst) {
    this.#pass(bytes)
    if (this.#isTooLong) {
      this.#isTooLong = false
      const end = bytes.indexOf(NEWLINE)
      return Buffer.concat([TOO_LONG, end < 0 ? Buffer.alloc(0) : bytes.subarray(end)])
    }
    if (!isFirst) return bytes
    if (UTF_16.some((mark) => bytes.subarray(0, 2).equals(mark))) {
      throw usage(`${this.#name} is UTF-16; convert it: iconv -f UTF-16 -t UTF-8`)
    }
    return bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes
  }

  #skip(bytes) {
    this.#pass(bytes)
    this.#isTooLong = true
  }

  #pass(bytes) {
    this.offset += bytes.length
    this.#hash?.update(bytes)
  }
}

module.exports = { Pieces }
