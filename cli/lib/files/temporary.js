/** Where files lie that are of no use once the process has ended. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { usage } = require('../trouble')

/** The path of a new folder that only this user can read, and that goes when the process ends. */
const temporaryFolder = () => {
  let folder
  try {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-'))
  } catch (error) {
    throw usage(`no temporary folder can be made where TMPDIR says: ${error.message}`)
  }
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

module.exports = { temporaryFolder }
