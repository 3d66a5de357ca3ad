const debug = require('debug')

const NAME = 'botmatic:js-redis-key-store'

/** Made when something is written: it opens stderr, which a process that writes nothing need not have. */
let write

/** Writes to the debug log. Its formatters are the application's, and may throw: then it is not written. */
const log = (...args) => {
  if (!isLogging()) return
  try {
    write ??= debug(NAME)
    write(...args)
  } catch {
    // There is nobody left to tell.
  }
}

/** Whether anybody reads the log. */
const isLogging = () => debug.enabled(NAME)

/** The text of what was thrown, which may be anything. */
const reasonOf = (thrown) => {
  try {
    return String(thrown?.message ?? thrown)
  } catch {
    return 'something that has no text'
  }
}

module.exports = { isLogging, log, reasonOf }
