/** Ids in a file, which are texts, or what has a text without doubt; and what is no line with ids. */

const { TOO_LONG } = require('../files/pieces')

/** A surrogate without its other one, which JSON can escape. */
const HALF = /\p{Surrogate}/u

/**
 * Why a value is no id, as text.
 * @param {string} name the column's
 */
const idProblem = (name, value) => {
  if (value === undefined || value === null || value === '') return `it has no ${name}`
  if (typeof value === 'boolean') return undefined
  if (typeof value === 'string') {
    // Two such ids would become one in the store.
    return HALF.test(value) ? `${name} has half of a character, which no text has` : undefined
  }
  if (typeof value !== 'number') return `${name} is neither a text nor a number`
  // JSON.parse may have rounded it.
  if (!Number.isSafeInteger(value)) {
    return `${name} is a number that may have lost digits; write it in quotes`
  }
  return undefined
}

/** Why a line has no ids to look for, as text. */
const lineProblem = (text) =>
  text === TOO_LONG
    ? 'it is longer than 16 MiB, the most that a line may be; the rejects have a note in its place'
    : undefined

const idText = (value) => (typeof value === 'string' ? value : String(value))

module.exports = { idProblem, idText, lineProblem }
