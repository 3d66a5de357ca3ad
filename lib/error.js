const debug = require('debug')('botmatic:js-redis-key-store')

/** Why a call failed. `code` is one of the list in index.d.ts and in the README. */
class KeyStoreError extends Error {
  /**
   * @param {string} code
   * @param {string} reason what happened, on which server, what to do
   * @param {string} operation the method that failed
   * @param {string} integration the first characters of the integration id
   */
  constructor(code, reason, operation, integration) {
    super(`${operation} for integration "${integration}" failed: ${reason}`)
    this.code = code
    this.operation = operation
    this.integration = integration
  }
}

Object.defineProperty(KeyStoreError.prototype, 'name', { value: 'KeyStoreError' })

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

/** An integration id as it may be shown: it is a bearer token, so its first four characters. */
const masked = (integrationId) => {
  const characters = [...`${integrationId}`]
  return characters.length > 4 ? `${characters.slice(0, 4).join('')}…` : characters.join('')
}

/** Makes what settles a call that failed outside the native side: as the store is set to. */
const failing = (given) => {
  const report = reporter(given)
  return (code, reason, operation, integrationId) => {
    const error = report(code, reason, operation, masked(integrationId))
    if (given.strict) throw error
    return operation.startsWith('get') ? undefined : false
  }
}

module.exports = { KeyStoreError, failing, reporter }
