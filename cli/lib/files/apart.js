/** Files that must not be one another. */

const fs = require('node:fs')
const path = require('node:path')
const { usage } = require('../trouble')

/** What tells a file from others, however it is named. */
const identityOf = (name) => {
  const found = fs.statSync(name, { throwIfNoEntry: false })
  // A device or a pipe may be both read and written.
  if (found && !found.isFile()) return undefined
  return found ? `${found.dev}:${found.ino}` : path.resolve(name)
}

/**
 * Fails when two of these are one file: what is written would destroy the other.
 * @param {Record<string, string | undefined>} files their paths, by what messages call them
 */
const keepApart = (files) => {
  const known = new Map()
  for (const [what, name] of Object.entries(files)) {
    const identity = name && name !== '-' && identityOf(name)
    if (!identity) continue
    if (known.has(identity)) throw usage(`${known.get(identity)} and ${what} are one file: ${name}`)
    known.set(identity, what)
  }
}

module.exports = { keepApart }
