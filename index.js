const debug = require('debug')('botmatic:js-redis-key-store')
const native = require('./native')
const { KeyStoreError } = require('./lib/error')
const { withDefaults } = require('./lib/options')
const { Source } = require('./lib/source')

/** Tells of a failed call, and makes the error that a strict store rejects with. */
const reporter =
  ({ strict, onError }) =>
  (code, reason, operation, integration) => {
    if (!strict && !onError && !debug.enabled) return undefined
    const error = new KeyStoreError(code, reason, operation, integration)
    debug('%s', error.message)
    try {
      onError?.(error)
    } catch (thrown) {
      debug('onError threw: %s', thrown)
    }
    return error
  }

/** The store as a class; the factory below is the usual way to it. */
class RedisKeyStore extends native.RedisKeyStore {
  #source

  constructor(client, options) {
    const given = withDefaults(options)
    const source = Source.of(client, given)
    const {
      strict,
      readTimeout,
      maxPending,
      writeTimeout = source.settings.writeTimeout ?? 3_600_000,
      keyPrefix = source.settings.keyPrefix ?? ''
    } = given
    const settings = { strict, readTimeout, writeTimeout, maxPending, keyPrefix }
    super(source.link, settings, reporter(given))
    this.#source = source
  }

  saveIds(integrationId, botmaticId, extId) {
    this.#source.refresh()
    return super.saveIds(integrationId, botmaticId, extId)
  }

  getBotmaticId(integrationId, extId) {
    this.#source.refresh()
    return super.getBotmaticId(integrationId, extId)
  }

  getExtId(integrationId, botmaticId) {
    this.#source.refresh()
    return super.getExtId(integrationId, botmaticId)
  }

  deleteIds(integrationId, botmaticId, extId) {
    this.#source.refresh()
    return super.deleteIds(integrationId, botmaticId, extId)
  }

  deleteAllIds(integrationId) {
    this.#source.refresh()
    return super.deleteAllIds(integrationId)
  }

  quit() {
    return this.#source.close()
  }
}

/**
 * Makes a store. See index.d.ts and the README for what it accepts.
 * @param {unknown} client a redis client, a URL or an options object
 * @param {object} [options]
 */
function keyStore(client, options = {}) {
  const store = new RedisKeyStore(client, options)
  return {
    saveIds: (integrationId, botmaticId, extId) => store.saveIds(integrationId, botmaticId, extId),
    getBotmaticId: (integrationId, extId) => store.getBotmaticId(integrationId, extId),
    getExtId: (integrationId, botmaticId) => store.getExtId(integrationId, botmaticId),
    deleteIds: (integrationId, botmaticId, extId) =>
      store.deleteIds(integrationId, botmaticId, extId),
    deleteAllIds: (integrationId) => store.deleteAllIds(integrationId),
    quit: () => store.quit()
  }
}

module.exports = keyStore
module.exports.RedisKeyStore = RedisKeyStore
module.exports.KeyStoreError = KeyStoreError
