/** A stream of bytes as pieces that end where a line does. */

const { createHash } = require('node:crypto')
const { usage } = require('../trouble')

const NEWLINE = 10
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const UTF_16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])]

/** Of a line, in bytes: it has to be in memory whole. */
const LONGEST = 16 * 1024 * 1024

/** What is read instead of a longer one. */
const TOO_LONG = '(a line of more than 16 MiB)'

/** Of the memory at first, in bytes. */
const ROOM = 128 * 1024

class Pieces {
  /** Bytes of the stream up to the end of the piece. */
  offset = 0
  /** The last line, once it is the piece. */
  last
  #chunks
  #name
  #hash
  /** The bytes that are not handed on, in memory that is used again and again. */
  #held = Buffer.allocUnsafeSlow(ROOM)
  #size = 0
  #isFirst = true
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

  /**
   * Pieces of whole lines, each good until the next is asked for; the last line always is a piece of its
   * own, and may lack its end.
   */
  async *[Symbol.asyncIterator]() {
    for await (const chunk of this.#chunks) {
      this.#hold(chunk)
      const end = this.#end(chunk)
      if (end > 0) {
        this.#hash?.update(this.#held.subarray(0, end))
        yield this.#piece(end)
        this.#drop(end)
      } else if (this.#size >= LONGEST) {
        this.#hash?.update(this.#held.subarray(0, this.#size))
        this.offset += this.#size
        this.#size = 0
        this.#isTooLong = true
      }
    }
    if (this.#size === 0 && !this.#isTooLong) return
    this.last = this.#piece(this.#size)
    yield this.last
  }

  #hold(chunk) {
    if (this.#size + chunk.length > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.#size + chunk.length))
      this.#held.copy(larger, 0, 0, this.#size)
      this.#held = larger
    }
    chunk.copy(this.#held, this.#size)
    this.#size += chunk.length
  }

  /** Where the last line begins that is held; 0 when that is all. */
  #end(chunk) {
    // What is held was looked through before, but for its last byte.
    const least = Math.max(0, this.#size - chunk.length - 1)
    if (this.#size < 2) return 0
    const newline = this.#held.subarray(least, this.#size - 1).lastIndexOf(NEWLINE)
    return newline < 0 ? 0 : least + newline + 1
  }

  #drop(end) {
    this.#held.copyWithin(0, end, this.#size)
    this.#size -= end
  }

  #piece(end) {
    const bytes = this.#held.subarray(0, end)
    const isFirst = this.#isFirst
    this.#isFirst = false
    this.offset += end
    if (this.#isTooLong) {
      this.#isTooLong = false
      const newline = bytes.indexOf(NEWLINE)
      return Buffer.concat([
        Buffer.from(TOO_LONG),
        newline < 0 ? Buffer.alloc(0) : bytes.subarray(newline)
      ])
    }
    if (!isFirst) return bytes
    if (UTF_16.some((mark) => bytes.subarray(0, 2).equals(mark))) {
      throw usage(`${this.#name} is UTF-16; convert it: iconv -f UTF-16 -t UTF-8`)
    }
    return bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes
  }
}

module.exports = { Pieces, TOO_LONG }
