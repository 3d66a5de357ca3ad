/**
 * Preloaded (`node --require`), it has the suites test the package that is installed in the folder
 * `KEY_STORE_INSTALLED`, in place of the sources beside them.
 */

const Module = require('node:module')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const installed = process.env.KEY_STORE_INSTALLED

const resolve = Module._resolveFilename
Module._resolveFilename = (...args) => {
  const file = resolve(...args)
  const own = path.relative(ROOT, file)
  const isOurs = own === 'index.js' || own.startsWith(`lib${path.sep}`)
  return isOurs ? path.join(installed, own) : file
}
