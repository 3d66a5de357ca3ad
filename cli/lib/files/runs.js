/** Sorted lines in temporary files, which are merged. */

const fs = require('node:fs')
const path = require('node:path')
const { incomplete } = require('../trouble')

/** Read at once, in bytes. */
const CHUNK = 16 * 1024

/** Lines that are handed on, or written, at once. */
const BLOCK = 500

/** The lines of a file, one after the other. */
class Run {
  /** The first line that was not taken; `undefined` after the last one. */
  line
  #file
  #path
  #lines = []
  #next = 0
  #rest = []
  #buffer = Buffer.alloc(CHUNK)

  constructor(path) {
    this.#path = path
    this.#file = fs.openSync(path, 'r')
    this.take()
  }

  /** Goes on to the next line. */
  take() {
    while (this.#next === this.#lines.length && this.#file !== undefined) this.#fill()
    this.line = this.#lines[this.#next++]
  }

  close() {
    if (this.#file !== undefined) fs.closeSync(this.#file)
    this.#file = undefined
    fs.rmSync(this.#path, { force: true })
  }

  #fill() {
    const size = fs.readSync(this.#file, this.#buffer)
    if (size === 0) {
      this.#lines = []
      this.#next = 0
      return this.close()
    }
    const bytes = this.#buffer.subarray(0, size)
    const end = bytes.lastIndexOf(10)
    if (end < 0) {
      this.#rest.push(Buffer.from(bytes))
      return
    }
    this.#lines = Buffer.concat([...this.#rest, bytes.subarray(0, end)])
      .toString()
      .split('\n')
    this.#next = 0
    this.#rest = [Buffer.from(bytes.subarray(end + 1))]
  }
}

/** Writes lines, in blocks. */
const writeRun = (path, blocks) => {
  const file = fs.openSync(path, 'w', 0o600)
  try {
    // Unlike writeSync, this writes all or fails.
    for (const block of blocks) fs.writeFileSync(file, `${block.join('\n')}\n`)
  } catch (error) {
    throw incomplete(`${path}, a temporary file, cannot be written: ${error.message}`)
  } finally {
    fs.closeSync(file)
  }
}

/** Puts the run at the top of the heap `runs` where it belongs: the least line is at the top. */
const sink = (runs) => {
  const run = runs[0]
  let at = 0
  for (;;) {
    let least = 2 * at + 1
    if (least >= runs.length) break
    if (least + 1 < runs.length && runs[least + 1].line < runs[least].line) least++
    if (runs[least].line >= run.line) break
    runs[at] = runs[least]
    at = least
  }
  runs[at] = run
}

/**
 * The lines of sorted files, sorted, in blocks; the files are removed.
 * @param {string[]} paths
 */
function* merged(paths) {
  const runs = paths.map((each) => new Run(each)).filter(({ line }) => line !== undefined)
  // Sorted, they are a heap.
  runs.sort((a, b) => (a.line < b.line ? -1 : 1))
  let block = []
  while (runs.length > 0) {
    const [run] = runs
    block.push(run.line)
    run.take()
    if (run.line === undefined) {
      const last = runs.pop()
      if (runs.length > 0) runs[0] = last
    }
    if (runs.length > 0) sink(runs)
    if (block.length === BLOCK) {
      yield block
      block = []
    }
  }
  if (block.length > 0) yield block
}

/** The blocks of lines that are in memory. */
function* blocksOf(lines) {
  for (let at = 0; at < lines.length; at += BLOCK) yield lines.slice(at, at + BLOCK)
}

module.exports = { blocksOf, merged, runPath: (folder, n) => path.join(folder, `${n}`), writeRun }
