/** The options that calls on many pairs take. */

const { isPlain } = require('../settings/members')
const { kindOf, refuse } = require('../settings/check')

/** What an abort rejects with. */
const reasonOf = (signal) => signal.reason ?? new DOMException('aborted', 'AbortError')

/**
 * `{signal, onProgress}`, checked; with `known`, the names of others.
 * @param {object} [given]
 * @param {string[]} [known]
 */
const readOptions = (given = {}, known = []) => {
  if (typeof given !== 'object' || given === null) {
    throw refuse(`the options must be an object, not ${kindOf(given)}`)
  }
  const { signal, onProgress } = given
  const names = ['signal', 'onProgress', ...known]
  const unknown = isPlain(given) && Object.keys(given).find((name) => !names.includes(name))
  if (unknown) throw refuse(`unknown option "${unknown}"; known are ${names.join(', ')}`)
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw refuse(`option "signal" must be an AbortSignal, not ${kindOf(signal)}`)
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw refuse(`option "onProgress" must be a function, not ${kindOf(onProgress)}`)
  }
  return {
    ...given,
    onProgress: onProgress ?? (() => {}),
    /** Throws when it was aborted. */
    check: () => {
      if (signal?.aborted) throw reasonOf(signal)
    }
  }
}

module.exports = { readOptions }
