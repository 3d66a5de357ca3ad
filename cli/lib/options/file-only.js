/** What only the store of a file can do. */

const { usage } = require('../trouble')

/**
 * The store, if it can.
 * @param {import('../store/store').Store} target
 * @param {'compact' | 'backup'} operation
 */
const ofFile = (target, operation) => {
  if (!/^file:/i.test(target.name)) {
    throw usage(`${operation} is for the store of a file: give --url file:<path>`)
  }
  if (typeof target.store[operation] !== 'function') {
    throw usage(`this version of js-redis-key-store cannot ${operation} a file`)
  }
  return target
}

module.exports = { ofFile }
