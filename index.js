const path = require('node:path')
const { KeyStoreError } = require('./lib/shared/error')
const { count, integrations, pairs } = require('./lib/bulk/listing')
const { botmaticIds, deleteMany, extIds, saveAll } = require('./lib/bulk/many')
const { verify } = require('./lib/bulk/verify')
const { open } = require('./lib/open')
const { withDefaults } = require('./lib/settings/options')

/** The methods of the original, in its order. */
const METHODS = ['saveIds', 'getBotmaticId', 'getExtId', 'deleteIds', 'deleteAllIds', 'quit']

/** What it has beyond them. */
const EXTRAS = [
  'stats',
  'ready',
  'saveAllIds',
  'getBotmaticIds',
  'getExtIds',
  'deleteManyIds',
  'pairs',
  'countIds',
  'integrations',
  'verifyIds',
  'compact',
  'backup'
]

/** What `await using` calls, where the engine knows that. */
const DISPOSE = Symbol.asyncDispose

/** The store as a class; the factory below is the usual way to it. */
class RedisKeyStore {
  #calls

  constructor(client, options) {
    this.#calls = open(client, withDefaults(options))
    // Bound, they work detached too.
    for (const name of [...METHODS, ...EXTRAS]) {
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

  saveAllIds(integrationId, pairs, options) {
    return saveAll(this.#calls, integrationId, pairs, options)
  }

  getBotmaticIds(integrationId, externalIds, options) {
    return botmaticIds(this.#calls, integrationId, externalIds, options)
  }

  getExtIds(integrationId, botmaticIds, options) {
    return extIds(this.#calls, integrationId, botmaticIds, options)
  }

  deleteManyIds(integrationId, pairs, options) {
    return deleteMany(this.#calls, integrationId, pairs, options)
  }

  pairs(integrationId, options) {
    return pairs(this.#calls, integrationId, options)
  }

  countIds(integrationId, options) {
    return count(this.#calls, integrationId, options)
  }

  integrations(options) {
    return integrations(this.#calls, options)
  }

  verifyIds(integrationId, options) {
    return verify(this.#calls, integrationId, options)
  }

  /** Makes the file of the store as small as it can be. */
  compact() {
    return this.#calls.file('compact')
  }

  /** Copies the file of the store. */
  backup(to) {
    return this.#calls.file('backup', path.resolve(to))
  }

  /** Connects ahead of the first call. */
  ready() {
    return this.#calls.ready()
  }

  quit() {
    return this.#calls.quit()
  }
}

if (DISPOSE) RedisKeyStore.prototype[DISPOSE] = RedisKeyStore.prototype.quit

/**
 * Makes a store. See index.d.ts and the README for what it accepts.
 * @param {unknown} client a redis client, a URL or an options object
 * @param {object} [options]
 */
function keyStore(client, options = {}) {
  const store = new RedisKeyStore(client, options)
  const methods = Object.fromEntries(METHODS.map((name) => [name, store[name]]))
  // Not enumerable: the original's stores have six properties.
  const extras = [...EXTRAS, 'native'].map((name) => [name, { value: store[name] }])
  if (DISPOSE) extras.push([DISPOSE, { value: store.quit }])
  // Not by an object of names: one of them is a symbol.
  for (const [name, property] of extras) Object.defineProperty(methods, name, property)
  return methods
}

module.exports = keyStore
module.exports.RedisKeyStore = RedisKeyStore
module.exports.KeyStoreError = KeyStoreError
/** For `import x from` as TypeScript compiles it without `esModuleInterop`. */
module.exports.default = keyStore
