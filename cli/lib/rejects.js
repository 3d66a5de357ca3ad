/** Records that cannot be taken: counted, kept in a file, and told of. */

const fs = require('node:fs')
const { Incomplete, UsageError } = require('./exit')

/** How many are told one by one. */
const MOST_TOLD = 10

class Rejects {
  count = 0
  #file
  #most
  #tell

  /**
   * @param {{rejects?: string, maxErrors?: number, dryRun?: boolean}} options
   * @param {(sentence: string) => void} tell
   * @param {boolean} goesOn whether the file has those of an earlier run
   */
  constructor({ rejects, maxErrors = Infinity }, tell, goesOn = false) {
    this.#most = maxErrors
    this.#tell = tell
    if (!rejects) return
    try {
      this.#file = fs.openSync(rejects, goesOn ? 'a' : 'w', 0o600)
    } catch (error) {
      throw new UsageError(`cannot write ${rejects}: ${error.message}`)
    }
  }

  /** Notes an item that is not taken, and why. Throws when there are too many. */
  add({ line, source }, why) {
    this.count++
    if (this.count <= MOST_TOLD) this.#tell(`line ${line}: ${why}`)
    if (this.count === MOST_TOLD + 1) this.#tell('more are rejected; --rejects FILE keeps them all')
    if (this.#file !== undefined) fs.writeSync(this.#file, `${source}\n`)
    if (this.count > this.#most) {
      throw new Incomplete(
        `${this.count} records are rejected, more than --max-errors ${this.#most}`
      )
    }
  }

  close() {
    if (this.#file !== undefined) fs.closeSync(this.#file)
  }
}

module.exports = { Rejects }
