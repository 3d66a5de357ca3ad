/** Ids in a file, which are texts, or what has a text without doubt. */

const MOST = Number.MAX_SAFE_INTEGER

/**
 * Why a value is no id, as text.
 * @param {string} name the column's
 */
const idProblem = (name, value) => {
  if (value === undefined || value === null || value === '') return `it has no ${name}`
  if (typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value !== 'number') return `${name} is neither a text nor a number`
  // JSON.parse has rounded it.
  if (Math.abs(value) > MOST) return `${name} is a number that loses digits; write it in quotes`
  return undefined
}

const idText = (value) => (typeof value === 'string' ? value : String(value))

module.exports = { idProblem, idText }
