const path = require('node:path')
const { allPairs } = require('./lib/bulk/all-pairs')
const { Bulk } = require('./lib/bulk/bulk')
const { integrations } = require('./lib/bulk/integrations')
const { countIds, pairs } = require('./lib/bulk/pairs')
const { Verification } = require('./lib/bulk/verification')
const { verify } = require('./lib/bulk/verify')
const { KeyStoreError } = require('./lib/shared/error')
const { open } = require('./lib/open')
const { kindOf, refuse } = require('./lib/settings/check')
const { withDefaults } = require('./lib/settings/options')

/** The methods of the original, in its order. */
const METHODS = ['saveIds', 'getBotmaticId', 'getExtId', 'deleteIds', 'deleteAllIds', 'quit']

/** What the original does not have. */
const EXTRAS = [
  'stats',
  'ready',
  'saveAllIds',
  'getBotmaticIds',
  'getExtIds',
  'deleteManyIds',
  'pairs',
  'allPairs',
  'countIds',
  'integrations',
  'verifyIds',
  'compact',
  'backup',
  // Since Node 18.18.
  ...(Symbol.asyncDispose ? [Symbol.asyncDispose] : [])
]

/** The store as a class; the factory below is the usual way to it. */
class RedisKeyStore {
  #calls
  #bulk

  constructor(client, options) {
    const given = withDefaults(options)
    this.#calls = open(client, given)
    this.#bulk = new Bulk(this.#calls, given)
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

  quit() {
    return this.#calls.quit()
  }

  async ready() {
    await this.#calls.ready()
  }

  saveAllIds(integrationId, pairs, options) {
    return this.#bulk.saveAllIds(integrationId, pairs, options)
  }

  getBotmaticIds(integrationId, extIds, options) {
    return this.#bulk.getBotmaticIds(integrationId, extIds, options)
  }

  getExtIds(integrationId, botmaticIds, options) {
    return this.#bulk.getExtIds(integrationId, botmaticIds, options)
  }

  deleteManyIds(integrationId, pairs, options) {
    return this.#bulk.deleteManyIds(integrationId, pairs, options)
  }

  pairs(integrationId, options) {
    return pairs(this.#calls, integrationId, options)
  }

  allPairs(options) {
    return allPairs(this.#calls, options)
  }

  countIds(integrationId, options) {
    return countIds(this.#calls, integrationId, options)
  }

  integrations(options) {
    return integrations(this.#calls, options)
  }

  verifyIds(integrationId, options) {
    return new Verification(verify(this.#calls, integrationId, options))
  }

  /** Makes the file of the store as small as it can be. */
  compact() {
    return this.#calls.file('compact')
  }

  /** Copies the file of the store. */
  async backup(to) {
    if (typeof to !== 'string') throw refuse(`backup takes the path of a file, not ${kindOf(to)}`)
    return this.#calls.file('backup', path.resolve(to))
  }

  async [Symbol.asyncDispose ?? Symbol('asyncDispose')]() {
    await this.quit()
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
  const extras = EXTRAS.map((name) => [name, { value: store[name] }])
  // Not enumerable: the original's stores have six properties.
  return Object.defineProperties(methods, {
    native: { value: store.native },
    ...Object.fromEntries(extras)
  })
}

module.exports = keyStore
module.exports.RedisKeyStore = RedisKeyStore
module.exports.KeyStoreError = KeyStoreError
/** For `import x from` as TypeScript compiles it without `esModuleInterop`. */
module.exports.default = keyStore
