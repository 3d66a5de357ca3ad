/** Files that must not be one another. */

const fs = require('node:fs')
const path = require('node:path')
const { usage } = require('../trouble')

/** What tells a file from others, however it is named. */
const identityOf = (name) => {
  let found
  try {
    found = fs.statSync(name)
  } catch {
    // Why it can not be used is told by whoever opens it.
  }
  // A device or a pipe may be both read and written.
  if (found && !found.isFile()) return undefined
  return found ? `${found.dev}:${found.ino}` : path.resolve(name)
}

/**
 * Fails when a file that is written is another one of these as well, which that would destroy.
 * @param {Record<string, string | undefined>} written paths, by what messages call them
 * @param {Record<string, string | undefined>} others the same of files that are read, or are a store's
 */
const keepApart = (written, others) => {
  const known = new Map()
  const look = ([what, name], isWritten) => {
    const identity = name && name !== '-' && identityOf(name)
    if (!identity) return
    if (isWritten && known.has(identity)) {
      throw usage(`${what} and ${known.get(identity)} are one file: ${name}`)
    }
    known.set(identity, what)
  }
  for (const other of Object.entries(others)) look(other, false)
  for (const each of Object.entries(written)) look(each, true)
}

module.exports = { keepApart }
