const native = require('../native')
const { failing, reporter } = require('./error')

/** The calls of a store that has a connection of its own. */
class Linked {
  native = true
  #source
  #report
  #fail
  #settings
  #link
  #store

  constructor(source, given) {
    const {
      strict,
      readTimeout,
      maxPending,
      writeTimeout = source.settings.writeTimeout ?? 3_600_000,
      keyPrefix = source.settings.keyPrefix ?? ''
    } = given
    this.#source = source
    this.#report = reporter(given)
    this.#fail = failing(given)
    this.#settings = { strict, readTimeout, writeTimeout, maxPending, keyPrefix }
  }

  run(operation, integrationId, first, second) {
    const waiting = this.#source.catchUp()
    if (!waiting) return this.#current()[operation](integrationId, first, second)
    return waiting.then(
      () => this.#current()[operation](integrationId, first, second),
      ({ code, message }) => this.#fail(code, message, operation, integrationId)
    )
  }

  quit() {
    return this.#source.close()
  }

  /** The native store: another one once the client was closed and opened again. */
  #current() {
    const { link } = this.#source
    if (this.#link !== link) {
      this.#link = link
      this.#store = new native.RedisKeyStore(link, this.#settings, this.#report)
    }
    return this.#store
  }
}

module.exports = { Linked }
