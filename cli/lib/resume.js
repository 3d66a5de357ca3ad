/** How far an import has come, in a file, so that it can go on there after whatever ended it. */

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { UsageError } = require('./exit')

/** How often the file is written, in ms. */
const PERIOD = 500

/** By how much of its beginning a file is known, in bytes. */
const SAMPLE = 2 ** 16

/** What tells the input from another: its size and its beginning. */
const identityOf = (input) => {
  const { size } = fs.statSync(input)
  const sample = Buffer.alloc(Math.min(size, SAMPLE))
  const file = fs.openSync(input, 'r')
  fs.readSync(file, sample)
  fs.closeSync(file)
  return `${size}-${createHash('sha256').update(sample).digest('hex')}`
}

class Resume {
  /** How many items, from the first on, are done. */
  done = 0
  #file
  #identity
  #written = 0

  /** @param {string | undefined} file @param {string} input what is imported */
  constructor(file, input) {
    if (!file) return
    if (input === '-') throw new UsageError('--resume needs a file to import, and no pipe')
    this.#file = file
    this.#identity = identityOf(input)
    if (!fs.existsSync(file)) return
    let said
    try {
      said = JSON.parse(fs.readFileSync(file, 'utf8'))
    } catch {
      throw new UsageError(`${file} is no file of --resume; name another, or delete it`)
    }
    if (said.input !== this.#identity) {
      throw new UsageError(
        `${file} is of the import of another file than ${input}; delete it to begin anew`
      )
    }
    this.done = said.done
  }

  /** Notes that so many items are done for good. */
  note(done) {
    this.done = done
    if (this.#file && Date.now() - this.#written >= PERIOD) this.write()
  }

  /** Writes it in one step: a file half written would be worse than an old one. */
  write() {
    if (!this.#file) return
    this.#written = Date.now()
    const fresh = path.join(
      path.dirname(this.#file),
      `.${path.basename(this.#file)}.${process.pid}`
    )
    fs.writeFileSync(fresh, JSON.stringify({ input: this.#identity, done: this.done }))
    fs.renameSync(fresh, this.#file)
  }

  /** All is done: there is nothing to go on with. */
  remove() {
    if (this.#file) fs.rmSync(this.#file, { force: true })
  }
}

module.exports = { Resume }
