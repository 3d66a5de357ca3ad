const debug = require('debug')

/** The lines that the store writes to the debug log while `t` runs. */
const debugLines = (t) => {
  const lines = []
  const { log } = debug
  debug.log = (...args) => lines.push(args.join(' '))
  debug.enable('botmatic:js-redis-key-store')
  t.after(() => {
    debug.disable()
    debug.log = log
  })
  return lines
}

module.exports = { debugLines }
