/** The file of lines that were not imported, to be mended and imported again. */

const fs = require('node:fs')
const { incomplete, usage } = require('../trouble')

const NEWLINE = Buffer.from('\n')

class Rejects {
  #file
  #path
  /** Of what is in the file, in bytes. */
  size = 0

  /**
   * @param {string} path
   * @param {number} [size] what an earlier run had written when it was last sure of it: what came later comes again
   */
  constructor(path, size = 0) {
    try {
      this.#file = fs.openSync(path, size > 0 ? 'r+' : 'w', 0o600)
      fs.ftruncateSync(this.#file, size)
    } catch (error) {
      throw usage(`--rejects: ${path} cannot be written: ${error.message}`)
    }
    this.#path = path
    this.size = size
  }

  /**
   * @param {(string | Buffer)[]} lines without their ends
   * @param {string} [head] what the file is to begin with
   */
  write(lines, head) {
    if (lines.length === 0) return
    const all = this.size === 0 && head !== undefined ? [head, ...lines] : lines
    const bytes = Buffer.concat(all.flatMap((line) => [Buffer.from(line), NEWLINE]))
    try {
      // A disk that is nearly full takes a part.
      for (let at = 0; at < bytes.length; ) {
        at += fs.writeSync(this.#file, bytes, at, bytes.length - at, this.size + at)
      }
    } catch (error) {
      throw incomplete(`--rejects: ${this.#path} cannot be written: ${error.message}`)
    }
    this.size += bytes.length
  }

  /** Returns once all is on the disk. */
  sync() {
    fs.fsyncSync(this.#file)
  }

  close() {
    fs.closeSync(this.#file)
  }
}

module.exports = { Rejects }
