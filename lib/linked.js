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

  run(operation, integrationId, first, second) {
    const waiting = this.#source.catchUp()
    if (!waiting) return this.#current()[operation](integrationId, first, second)
    return waiting.then(
      () => this.#current()[operation](integrationId, first, second),
      ({ code, message }) => this.#reporter.fail(code, message, operation, integrationId)
    )
  }

  stats() {
    const { calls, pending, sent, received } = this.#current().counts()
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

  /** The native store: another one once the client was closed and opened again. */
  #current() {
    const { link } = this.#source
    if (this.#link !== link) {
      const reporter = this.#reporter
      this.#earlier += this.#store?.counts().calls ?? 0
      this.#link = link
      this.#isTraced = false
      this.#store = new native.RedisKeyStore(
        link,
        this.#settings,
        (...failure) => reporter.report(...failure),
        publish
      )
    }
    const { hasSubscribers } = calls
    if (hasSubscribers !== this.#isTraced) this.#store.trace((this.#isTraced = hasSubscribers))
    return this.#store
  }
}

const publish = (operation, integration, milliseconds, outcome, attempts) =>
  calls.publish({ operation, integration, milliseconds, outcome, attempts })

module.exports = { Linked }
