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

module.exports = { KeyStoreError }
