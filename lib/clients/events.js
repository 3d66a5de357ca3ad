const { watching } = require('./watching')

/**
 * Calls back just before each event of a client, so that what happens to the client is seen at
 * once. A listener would do, but its owner could count it; `emit` of its own, not enumerable, shows
 * neither in its listeners nor when it is printed.
 */
const watchEvents = watching((emitter, tell) => {
  const { emit } = emitter
  Reflect.defineProperty(emitter, 'emit', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: function (...args) {
      tell()
      return emit.apply(this, args)
    }
  })
})

module.exports = { watchEvents }
