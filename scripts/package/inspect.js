/** What a finished binary asks of the system it runs on, read from the file itself. */

const fs = require('node:fs')

/** Load commands of macOS that name the oldest version: their number, and where the version is. */
const BUILD_VERSION = { command: 0x32, at: 12 }
const VERSION_MIN = { command: 0x24, at: 8 }

/** The oldest macOS that a binary runs on. */
const macosOf = (bytes) => {
  const count = bytes.readUInt32LE(16)
  for (let n = 0, at = 32; n < count; n++, at += bytes.readUInt32LE(at + 4)) {
    const kind = [BUILD_VERSION, VERSION_MIN].find(
      ({ command }) => command === bytes.readUInt32LE(at)
    )
    if (kind) return `${bytes[at + kind.at + 2]}.${bytes[at + kind.at + 1]}`
  }
  throw new Error('names no version of macOS')
}

/** The newest glibc whose symbols a binary asks for, `undefined` when it asks for none. */
const glibcOf = (bytes) =>
  [...bytes.toString('latin1').matchAll(/GLIBC_(\d+)\.(\d+)/g)]
    .map(([, major, minor]) => [Number(major), Number(minor)])
    .sort(([a, b], [c, d]) => c - a || d - b)[0]
    ?.join('.')

const isNewer = (version, floor) => {
  const [[major, minor], [least, lesser]] = [version, floor].map((each) =>
    each.split('.').map(Number)
  )
  return major > least || (major === least && minor > lesser)
}

/** What the binary in `file` needs, as text; throws when that is more than its platform promises. */
const inspect = (file, { os, libc, floor }) => {
  const bytes = fs.readFileSync(file)
  const glibc = os === 'linux' ? glibcOf(bytes) : undefined
  if (os === 'linux' && Boolean(glibc) !== (libc === 'glibc')) {
    throw new Error(
      `${file} is not for ${libc}: it asks for ${glibc ? `glibc ${glibc}` : 'no glibc'}`
    )
  }
  const needed = os === 'darwin' ? macosOf(bytes) : glibc
  if (needed && isNewer(needed, floor)) throw new Error(`${file} needs ${needed}, not ${floor}`)
  const name = os === 'darwin' ? 'macOS' : 'glibc'
  return needed ? `${name} ${needed}` : ''
}

module.exports = { inspect }
