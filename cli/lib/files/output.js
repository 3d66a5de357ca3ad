/** What pairs are written to: a file, or the standard output. */

const { createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const { finished } = require('node:stream/promises')
const { createGzip } = require('node:zlib')
const { Trouble, incomplete, usage } = require('../trouble')

class Output {
  /** As messages call it. */
  name
  /** Of what was written, before it was packed: bytes. */
  bytes = 0
  #path
  /** What is renamed once it is whole; the file itself where that is none: a device or a named pipe. */
  #part
  #hash = createHash('sha256')
  #first
  #last
  #failure

  /** @param {string} path a file's, or `-` */
  constructor(path) {
    this.#path = path
    this.name = path === '-' ? 'the standard output' : path
    if (path === '-') {
      this.#first = process.stdout
      return
    }
    this.#part = `${path}.part`
    try {
      const found = fs.statSync(path, { throwIfNoEntry: false })
      if (found?.isDirectory()) throw usage(`${path} is a folder; name a file`)
      if (found && !found.isFile()) this.#part = path
      // Integration ids are secrets: nobody else may read them.
      this.#last = fs.createWriteStream(this.#part, { fd: fs.openSync(this.#part, 'w', 0o600) })
    } catch (error) {
      if (error instanceof Trouble) throw error
      throw usage(`${this.#part} cannot be written: ${error.message}`)
    }
    this.#first = path.endsWith('.gz') ? createGzip() : this.#last
    if (this.#first !== this.#last) this.#first.pipe(this.#last)
    this.#last.on('error', (error) => {
      this.#failure = error
      this.#first.destroy(error)
    })
    this.#first.on('error', () => {})
  }

  /** Of all that was written. */
  get sha256() {
    return this.#hash.copy().digest('hex')
  }

  /** Resolves when there is room for more. */
  async write(text) {
    const bytes = Buffer.from(text)
    this.bytes += bytes.length
    this.#hash.update(bytes)
    if (this.#failure) throw this.#complaint(this.#failure)
    if (this.#first.write(bytes)) return
    try {
      await once(this.#first, 'drain')
    } catch (error) {
      throw this.#complaint(error)
    }
  }

  /** It is whole: returns once it is on the disk under its own name. */
  async finish() {
    if (!this.#part) return
    try {
      this.#first.end()
      await finished(this.#last)
      if (this.#part === this.#path) return
      const file = fs.openSync(this.#part, 'r+')
      fs.fsyncSync(file)
      fs.closeSync(file)
      fs.renameSync(this.#part, this.#path)
    } catch (error) {
      throw this.#complaint(error)
    }
  }

  /** It will not be whole. */
  discard() {
    if (!this.#part) return
    this.#first.destroy()
    this.#last.destroy()
    if (this.#part !== this.#path) fs.rmSync(this.#part, { force: true })
  }

  #complaint(error) {
    return incomplete(`${this.#part ?? this.name} cannot be written: ${error.message}`)
  }
}

module.exports = { Output }
