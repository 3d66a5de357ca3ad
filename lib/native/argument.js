/**
 * Arguments of calls as the native side takes them: what runs code to become text, and may throw, does
 * so here. An exception over there would come out of the wrong realm, and be one that nobody catches to
 * `--abort-on-uncaught-exception`.
 */

const { readId } = require('../delegate/id')

/** Whether a value becomes text without any code of its own. */
const isPlain = (value) =>
  value === null ||
  (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')

/** Of no id at all: what the native side takes for the same. */
const STAND_INS = {
  empty: '',
  'an array': [],
  'a function': () => {},
  // biome-ignore lint/suspicious/noThenProperty: that is what makes it one.
  'a promise': { __proto__: null, then: () => {} },
  'an object without a text of its own': { __proto__: null, toString: () => '[object Object]' }
}

const toId = (value) => {
  const { text, noId } = readId(value)
  return noId ? STAND_INS[noId] : text
}

const text = (value) => (isPlain(value) ? value : `${value}`)

const id = (value) => (isPlain(value) ? value : toId(value))

module.exports = { id, isPlain, text }
