/** Whether a file can be made somewhere: better known now than after an hour. */

const fs = require('node:fs')
const path = require('node:path')
const { usage } = require('../trouble')

/**
 * Fails unless a file can be made in the folder of this one.
 * @param {string} file
 * @param {string} [shown] as the message calls it
 */
const checkPlace = (file, shown = file) => {
  try {
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK)
  } catch (error) {
    throw usage(`${shown} cannot be written: ${error.message}`)
  }
}

module.exports = { checkPlace }
