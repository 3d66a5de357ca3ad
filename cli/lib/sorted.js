/** Sorts more lines than memory holds: parts are sorted, written to files, and merged. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { lines } = require('./formats/lines')

/** How many lines are sorted in memory. */
const PART = 100_000

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0)

/** The lines of a file, one after the other. */
const linesOf = async function* (file) {
  for await (const all of lines(fs.createReadStream(file))) yield* all
}

/** Merges sorted sources. */
const merge = async function* (sources) {
  const heads = []
  for (const source of sources) {
    const { done, value } = await source.next()
    if (!done) heads.push({ source, value })
  }
  while (heads.length > 0) {
    let least = 0
    for (let n = 1; n < heads.length; n++) {
      if (heads[n].value < heads[least].value) least = n
    }
    yield heads[least].value
    const { done, value } = await heads[least].source.next()
    if (done) heads.splice(least, 1)
    else heads[least].value = value
  }
}

/** The lines of `source`, none of which holds a line break, in order. */
const sorted = async function* (source) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-sort-'))
  const files = []
  let part = []
  const store = () => {
    const file = path.join(folder, String(files.length))
    fs.writeFileSync(
      file,
      part
        .sort(compare)
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 }
    )
    files.push(file)
    part = []
  }
  try {
    for await (const line of source) {
      part.push(line)
      if (part.length === PART) store()
    }
    if (files.length === 0) {
      yield* part.sort(compare)
      return
    }
    store()
    yield* merge(files.map(linesOf))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

module.exports = { sorted }
