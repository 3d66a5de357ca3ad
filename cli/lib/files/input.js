/** What pairs are read from: a file, or the standard input. */

const fs = require('node:fs')
const { Readable } = require('node:stream')
const { createGunzip } = require('node:zlib')
const { incomplete, usage } = require('../trouble')
const { Pieces } = require('./pieces')
const { readTrailer } = require('./trailer')

/** Read at once, in bytes. */
const CHUNK = 64 * 1024

class Input {
  /** As messages call it. */
  name
  /** Whether it can be read twice. */
  isFile = false
  #path
  #isGzip
  /** Of what is in it, in bytes, once that is known. */
  #total

  /** @param {string} path a file's, or `-` */
  constructor(path) {
    this.#path = path
    this.#isGzip = path.endsWith('.gz')
    this.name = path === '-' ? 'the standard input' : path
    if (path === '-') return
    try {
      const found = fs.statSync(path)
      if (found.isDirectory()) throw usage(`${path} is a folder; name a file`)
      this.isFile = found.isFile()
      if (this.isFile && !this.#isGzip) this.#total = found.size
    } catch (error) {
      throw error.code ? usage(`${path} cannot be read: ${error.message}`) : error
    }
  }

  /**
   * Which part of it lies before an offset, from 0 to 1; `undefined` where that is not known: of a pipe, and of
   * packed data that was not read before.
   */
  partOf(offset) {
    return this.#total && Math.min(1, offset / this.#total)
  }

  /** The bytes in it, unpacked; each chunk is good until the next is asked for. */
  async *#chunks() {
    try {
      if (!this.#isGzip) return yield* this.#bytes()
      const packed = Readable.from(this.#bytes(), { objectMode: false, highWaterMark: 0 })
      const unpacked = createGunzip({ chunkSize: CHUNK })
      packed.on('error', (error) => unpacked.destroy(error))
      yield* packed.pipe(unpacked)
    } catch (error) {
      if (!error.code) throw error
      throw incomplete(
        error.code === 'Z_BUF_ERROR'
          ? `${this.name} is cut: the compressed data ends too early. Make it anew`
          : `${this.name} cannot be read: ${error.message}`
      )
    }
  }

  /** The bytes in it as they are. */
  async *#bytes() {
    if (this.#path === '-') {
      for await (const chunk of process.stdin) yield chunk
      return
    }
    const file = await fs.promises.open(this.#path)
    try {
      // What unpacks keeps what it is given for a while.
      let buffer = Buffer.allocUnsafeSlow(CHUNK)
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK)
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
        if (this.#isGzip) buffer = Buffer.allocUnsafeSlow(CHUNK)
      }
    } finally {
      await file.close()
    }
  }

  /** See `Pieces`. */
  pieces(options) {
    return new Pieces(this.#chunks(), this.name, options)
  }

  /**
   * Reads it once without taking anything of it, and fails when it does not end as an export does, or is
   * not what was written.
   */
  async check(job) {
    const pieces = this.pieces({ isHashed: true })
    for await (const _ of job.each(pieces)) job.touch()
    this.#total = pieces.offset
    checkEnd(this.name, pieces, 'Nothing was imported. To import what is there, add --no-check')
  }
}

/**
 * Fails unless pieces that were all read end as an export does.
 * @param {string} kept what became of the pairs, for the message
 */
const checkEnd = (name, pieces, kept) => {
  const trailer = pieces.last && readTrailer(pieces.last)
  if (!trailer) {
    throw incomplete(
      `${name} does not end with the line of count and checksum that an export ends with: ` +
        `it was cut, something stands after it, or another program wrote it. ${kept}`
    )
  }
  if (pieces.sha256 !== trailer.sha256) {
    throw incomplete(`${name} was changed since its export: its checksum is another. ${kept}`)
  }
}

module.exports = { Input, checkEnd }
