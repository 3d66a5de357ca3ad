/** `compact` and `backup`: of the file of an embedded store. */

const fs = require('node:fs')
const path = require('node:path')
const { fileURLToPath } = require('node:url')
const { CODES, UsageError } = require('../exit')
const { withStore } = require('./pair')

/** The path of a file's address. */
const fileOf = (url = '') => {
  if (!/^file:/i.test(url)) throw new UsageError('this is for a file: --url file:./ids.redb')
  return /^file:\/\//i.test(url) ? fileURLToPath(url) : path.resolve(url.slice('file:'.length))
}

const existing = (url) => {
  const file = fileOf(url)
  if (!fs.existsSync(file)) throw new UsageError(`there is no file ${file}`)
  return file
}

const compact = (options, ui) => {
  const file = existing(options.url)
  const before = fs.statSync(file).size
  return withStore(options, async (store) => {
    await store.compact()
    const after = fs.statSync(file).size
    ui.result({ before, after }, `${before} bytes became ${after}`)
    return CODES.done
  })
}

const backup = (to, options, ui) => {
  existing(options.url)
  if (fs.existsSync(to)) throw new UsageError(`${to} is there already`)
  return withStore(options, async (store) => {
    await store.backup(to)
    const { size } = fs.statSync(to)
    ui.result({ bytes: size }, `copied ${size} bytes`)
    return CODES.done
  })
}

module.exports = { backup, compact }
