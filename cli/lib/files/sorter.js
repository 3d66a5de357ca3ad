/** Sorts more lines than fit into memory. */

const fs = require('node:fs')
const { blocksOf, merged, runPath, writeRun } = require('./runs')

/** What is kept in memory: lines, and their characters. */
const MOST_LINES = 25_000
const MOST_CHARACTERS = 4 * 1024 * 1024

/** Files that are open at once. */
const MOST_RUNS = 64

class Sorter {
  #folder
  #lines = []
  #characters = 0
  #runs = []
  #made = 0

  /** @param {string} folder for temporary files, which is made when it is needed */
  constructor(folder) {
    this.#folder = folder
  }

  /** @param {string} line without a line end */
  add(line) {
    this.#lines.push(line)
    this.#characters += line.length
    if (this.#lines.length >= MOST_LINES || this.#characters >= MOST_CHARACTERS) this.#spill()
  }

  /** All lines in the order of their characters, in blocks. To be asked for once. */
  blocks() {
    if (this.#runs.length === 0) return blocksOf(this.#lines.sort())
    this.#spill()
    return merged(this.#runs)
  }

  /** Removes what is left of temporary files. */
  close = () => {
    process.removeListener('exit', this.close)
    if (this.#made > 0) fs.rmSync(this.#folder, { recursive: true, force: true })
  }

  #spill() {
    if (this.#made === 0) {
      // An earlier run that was killed may have left some.
      fs.rmSync(this.#folder, { recursive: true, force: true })
      fs.mkdirSync(this.#folder, { mode: 0o700 })
      // Nobody may read on, `head` say, and the process ends at once.
      process.once('exit', this.close)
    }
    this.#runs.push(this.#write(blocksOf(this.#lines.sort())))
    this.#lines = []
    this.#characters = 0
    if (this.#runs.length === MOST_RUNS) this.#runs = [this.#write(merged(this.#runs))]
  }

  #write(blocks) {
    const path = runPath(this.#folder, this.#made++)
    writeRun(path, blocks)
    return path
  }
}

module.exports = { Sorter }
