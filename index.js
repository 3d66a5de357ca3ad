const diagnostics = require('node:diagnostics_channel')
const debug = require('debug')('botmatic:js-redis-key-store')
const native = require('./native')
const { KeyStoreError } = require('./lib/error')
const { withDefaults } = require('./lib/options')
const { Source } = require('./lib/source')

const channel = diagnostics.channel('js-redis-key-store:call')

const observer = (operation, integration, milliseconds, outcome, attempts) =>
  channel.publish({ operation, integration, milliseconds, outcome, attempts })

/** Tells of a failed call, and makes the error that a strict store rejects with. */
const reporter =
  ({ strict, onError }, failures) =>
  (code, reason, operation, integration) => {
    failures[code] = (failures[code] ?? 0) + 1
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
  #failures
  #isTraced = false

  constructor(client, options) {
    const failures = {}
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
    super(source.link, settings, reporter(given, failures), observer)
    this.#source = source
    this.#failures = failures
  }

  /** Before each call: catches up with the client, and with whether somebody listens. */
  #prepare() {
    this.#source.refresh()
    const { hasSubscribers } = channel
    if (hasSubscribers !== this.#isTraced) super.trace((this.#isTraced = hasSubscribers))
  }

  saveIds(integrationId, botmaticId, extId) {
    this.#prepare()
    return super.saveIds(integrationId, botmaticId, extId)
  }

  getBotmaticId(integrationId, extId) {
    this.#prepare()
    return super.getBotmaticId(integrationId, extId)
  }

  getExtId(integrationId, botmaticId) {
    this.#prepare()
    return super.getExtId(integrationId, botmaticId)
  }

  deleteIds(integrationId, botmaticId, extId) {
    this.#prepare()
    return super.deleteIds(integrationId, botmaticId, extId)
  }

  deleteAllIds(integrationId) {
    this.#prepare()
    return super.deleteAllIds(integrationId)
  }

  stats() {
    const { calls, pending, sent, received } = super.counts()
    return {
      calls,
      failures: { ...this.#failures },
      pending,
      reconnects: this.#source.reconnects,
      bytes: { sent, received }
    }
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
  const methods = {
    saveIds: (integrationId, botmaticId, extId) => store.saveIds(integrationId, botmaticId, extId),
    getBotmaticId: (integrationId, extId) => store.getBotmaticId(integrationId, extId),
    getExtId: (integrationId, botmaticId) => store.getExtId(integrationId, botmaticId),
    deleteIds: (integrationId, botmaticId, extId) =>
      store.deleteIds(integrationId, botmaticId, extId),
    deleteAllIds: (integrationId) => store.deleteAllIds(integrationId),
    quit: () => store.quit()
  }
  // Not enumerable: the original's stores have six properties.
  return Object.defineProperty(methods, 'stats', { value: () => store.stats() })
}

module.exports = keyStore
module.exports.RedisKeyStore = RedisKeyStore
module.exports.KeyStoreError = KeyStoreError
