/** Ids in a file, which are texts, or what has a text without doubt. */

/** A surrogate without its other one, which JSON can escape. */
const HALF = /\p{Surrogate}/u

const MOST = Number.MAX_SAFE_INTEGER

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
  // JSON.parse has rounded it.
  if (Math.abs(value) > MOST) return `${name} is a number that loses digits; write it in quotes`
  return undefined
}

const idText = (value) => (typeof value === 'string' ? value : String(value))

module.exports = { idProblem, idText }
