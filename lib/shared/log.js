const debug = require('debug')('botmatic:js-redis-key-store')

/** Writes to the debug log. Its formatters are the application's, and may throw: then it is not written. */
const log = (...args) => {
  try {
    debug(...args)
  } catch {
    // There is nobody left to tell.
  }
}

/** Whether anybody reads the log. */
const isLogging = () => debug.enabled

/** The text of what was thrown, which may be anything. */
const reasonOf = (thrown) => {
  try {
    return String(thrown?.message ?? thrown)
  } catch {
    return 'something that has no text'
  }
}

module.exports = { isLogging, log, reasonOf }
