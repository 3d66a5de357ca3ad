const { isLogging, log, reasonOf } = require('./log')

/** Marks the errors of all copies of this module: a process may have several, and several realms. */
const BRAND = Symbol.for('js-redis-key-store:KeyStoreError')

const isInstance = Function.prototype[Symbol.hasInstance]

/** Why a call failed. `code` is one of the list in index.d.ts and in the README. */
class KeyStoreError extends Error {
  /** Those of another copy are instances too. A class derived from this one has its own alone. */
  static [Symbol.hasInstance](value) {
    // biome-ignore lint/complexity/noThisInStatic: a class derived from it is asked too.
    if (this !== KeyStoreError) return isInstance.call(this, value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /**
   * @param {string} code
   * @param {string} reason what happened, on which server, what to do
   * @param {string} operation the method that failed
   * @param {string} [integration] the first characters of the integration id, of a call that has one
   */
  constructor(code, reason, operation, integration) {
    const whose = integration ? ` for integration "${integration}"` : ''
    super(`${operation}${whose} failed: ${reason}`)
    this.code = code
    this.operation = operation
    this.integration = integration ?? ''
  }
}

Object.defineProperties(KeyStoreError.prototype, {
  name: { value: 'KeyStoreError' },
  [BRAND]: { value: true }
})

/** Tells of a store's failed calls, counts them, and makes the errors that it rejects with. */
class Reporter {
  /** How many calls failed, by code. */
  failures = {}
  #given

  constructor(given) {
    this.#given = given
  }

  /** Whether somebody hears of failures beside who made the call. */
  get isHeard() {
    return Boolean(this.#given.onError) || isLogging()
  }

  /**
   * The error of a failure; `undefined` when nobody wants it. Others hear of it by what `tell` is given,
   * which is to run where the call was made.
   */
  report(code, reason, operation, integration, tell) {
    if (this.#given.strict || this.isHeard) {
      return this.error(code, reason, operation, integration, tell)
    }
    this.#count(code)
    return undefined
  }

  /** The same for who wants the error in any case. */
  error(code, reason, operation, integration, tell = (run) => run()) {
    const { onError } = this.#given
    this.#count(code)
    const error = new KeyStoreError(code, reason, operation, integration)
    tell(() => {
      log('%s', error.message)
      if (onError) this.#tell(error)
    })
    return error
  }

  #count(code) {
    this.failures[code] = (this.failures[code] ?? 0) + 1
  }

  /** What the application's own function throws, or rejects with, harms nothing. */
  async #tell(error) {
    try {
      await this.#given.onError(error)
    } catch (thrown) {
      log('onError failed: %s', reasonOf(thrown))
    }
  }

  /** Settles a call that failed outside the native side: as the store is set to. */
  fail(code, reason, operation, integrationId) {
    const error = this.report(code, reason, operation, masked(integrationId))
    if (this.#given.strict) throw error
    if (!operation.startsWith('get')) return false
    // Nothing is kept under what is no id.
    return code === 'NOID' ? null : undefined
  }
}

/** An integration id as it may be shown: it is a bearer token, so its first four characters. */
const masked = (integrationId) => {
  const characters = [...`${integrationId}`]
  return characters.length > 4 ? `${characters.slice(0, 4).join('')}…` : characters.join('')
}

module.exports = { KeyStoreError, Reporter, masked }
