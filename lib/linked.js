const native = require('../native')
const { Reporter } = require('./error')
const { calls } = require('./channels')

/** The calls of a store that has a connection of its own. */
class Linked {
  native = true
  #source
  #reporter
  #settings
  #link
  #store
  /** The calls of the native store, and the promises of its link. */
  #calls
  #promises
  #isTraced = false
  /** How many calls the native stores before this one were asked. */
  #earlier = 0

  constructor(source, given) {
    const {
      strict,
      readTimeout,
      maxPending,
      writeTimeout = source.settings.writeTimeout ?? 3_600_000,
      keyPrefix = source.settings.keyPrefix ?? ''
    } = given
    this.#source = source
    this.#reporter = new Reporter(given)
    this.#settings = { strict, readTimeout, writeTimeout, maxPending, keyPrefix }
  }

  saveIds(integrationId, botmaticId, extId) {
    const calls = this.#now()
    return calls
      ? this.#promises.make(() => calls.saveIds(integrationId, botmaticId, extId))
      : this.#later('saveIds', integrationId, botmaticId, extId)
  }

  getBotmaticId(integrationId, extId) {
    const calls = this.#now()
    return calls
      ? this.#promises.make(() => calls.getBotmaticId(integrationId, extId))
      : this.#later('getBotmaticId', integrationId, extId)
  }

  getExtId(integrationId, botmaticId) {
    const calls = this.#now()
    return calls
      ? this.#promises.make(() => calls.getExtId(integrationId, botmaticId))
      : this.#later('getExtId', integrationId, botmaticId)
  }

  deleteIds(integrationId, botmaticId, extId) {
    const calls = this.#now()
    return calls
      ? this.#promises.make(() => calls.deleteIds(integrationId, botmaticId, extId))
      : this.#later('deleteIds', integrationId, botmaticId, extId)
  }

  deleteAllIds(integrationId) {
    const calls = this.#now()
    return calls
      ? this.#promises.make(() => calls.deleteAllIds(integrationId))
      : this.#later('deleteAllIds', integrationId)
  }

  stats() {
    this.#current()
    const { calls, pending, sent, received } = this.#store.counts()
    return {
      calls: this.#earlier + calls,
      failures: { ...this.#reporter.failures },
      pending,
      reconnects: this.#source.reconnects,
      bytes: { sent, received }
    }
  }

  quit() {
    return this.#source.close()
  }

  /** The native calls; `undefined` when a call has to wait for the source. */
  #now() {
    return this.#source.catchUp() ? undefined : this.#current()
  }

  /** Makes a call once the source lets it. */
  #later(operation, integrationId, ...ids) {
    return this.#source.waiting.then(
      () => {
        const calls = this.#current()
        return this.#promises.make(() => calls[operation](integrationId, ...ids))
      },
      ({ code, message }) => this.#reporter.fail(code, message, operation, integrationId)
    )
  }

  /** The native calls: those of another store once the client was closed and opened again. */
  #current() {
    if (this.#link !== this.#source.link) this.#open()
    if (calls.hasSubscribers !== this.#isTraced) {
      this.#store.trace((this.#isTraced = calls.hasSubscribers))
    }
    return this.#calls
  }

  #open() {
    const reporter = this.#reporter
    this.#earlier += this.#store?.counts().calls ?? 0
    this.#link = this.#source.link
    this.#promises = this.#source.promises
    this.#isTraced = false
    this.#store = new native.RedisKeyStore(
      this.#link,
      this.#settings,
      (...failure) => reporter.report(...failure),
      publish
    )
    this.#calls = this.#store.calls()
  }
}

const publish = (operation, integration, milliseconds, outcome, attempts) =>
  calls.publish({ operation, integration, milliseconds, outcome, attempts })

module.exports = { Linked }
