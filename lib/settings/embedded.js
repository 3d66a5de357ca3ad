/** Addresses of embedded stores: `file:` and a path, or `memory:`. */

const { fileURLToPath } = require('node:url')
const path = require('node:path')
const { refuse } = require('./check')

const SCHEME = /^(file|memory):/i

/** Whether the text of a URL is that of an embedded store. */
const isEmbedded = (text) => SCHEME.test(text)

/** The path that a URL of a file names: a real file URL is decoded, else the path stands as it is. */
const pathOf = (text) => {
  const rest = text.slice('file:'.length)
  if (!rest.startsWith('//')) return rest
  try {
    return fileURLToPath(text)
  } catch (error) {
    throw refuse(
      `this file URL names no file (${error.message}); write file:./ids.redb or file:///folder/ids.redb`
    )
  }
}

/** Takes the text of such a URL apart into the options of an address. */
const parseEmbedded = (text) => {
  if (/^memory:/i.test(text)) {
    if (text.length > 'memory:'.length) {
      throw refuse('the URL of a store in memory is "memory:", with nothing behind it')
    }
    return { memory: true }
  }
  const file = pathOf(text)
  if (file === '') throw refuse('the URL names no file; write file:./ids.redb')
  if (/[\\/]$/.test(file)) throw refuse('the URL names a folder; name a file in it')
  if (file.includes('\0')) throw refuse('the path in the URL holds a NUL')
  // Now, since the process may change its folder before the first call.
  return { file: path.resolve(file) }
}

module.exports = { isEmbedded, parseEmbedded }
