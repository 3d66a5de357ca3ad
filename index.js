const { KeyStoreError } = require('./lib/shared/error')
const { open } = require('./lib/open')
const { withDefaults } = require('./lib/settings/options')

/** The methods of the original, in its order. */
const METHODS = ['saveIds', 'getBotmaticId', 'getExtId', 'deleteIds', 'deleteAllIds', 'quit']

/** The store as a class; the factory below is the usual way to it. */
class RedisKeyStore {
  #calls

  constructor(client, options) {
    this.#calls = open(client, withDefaults(options))
    // Bound, they work detached too.
    for (const name of [...METHODS, 'stats']) {
      const value = this[name].bind(this)
      Object.defineProperty(this, name, { value, configurable: true, writable: true })
    }
  }

  /** Whether the store has a connection of its own, or else uses the client's commands. */
  get native() {
    return this.#calls.native
  }

  saveIds(integrationId, botmaticId, extId) {
    return this.#calls.saveIds(integrationId, botmaticId, extId)
  }

  getBotmaticId(integrationId, extId) {
    return this.#calls.getBotmaticId(integrationId, extId)
  }

  getExtId(integrationId, botmaticId) {
    return this.#calls.getExtId(integrationId, botmaticId)
  }

  deleteIds(integrationId, botmaticId, extId) {
    return this.#calls.deleteIds(integrationId, botmaticId, extId)
  }

  deleteAllIds(integrationId) {
    return this.#calls.deleteAllIds(integrationId)
  }

  /** What the store did so far. */
  stats() {
    return this.#calls.stats()
  }

  quit() {
    return this.#calls.quit()
  }
}

/**
 * Makes a store. See index.d.ts and the README for what it accepts.
 * @param {unknown} client a redis client, a URL or an options object
 * @param {object} [options]
 */
function keyStore(client, options = {}) {
  const store = new RedisKeyStore(client, options)
  const methods = Object.fromEntries(METHODS.map((name) => [name, store[name]]))
  // Not enumerable: the original's stores have six properties.
  return Object.defineProperties(methods, {
    native: { value: store.native },
    stats: { value: store.stats }
  })
}

module.exports = keyStore
module.exports.RedisKeyStore = RedisKeyStore
module.exports.KeyStoreError = KeyStoreError
/** For `import x from` as TypeScript compiles it without `esModuleInterop`. */
module.exports.default = keyStore
