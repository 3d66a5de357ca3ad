/** Ids as text, alike for all clients; what the native side does in src/node/text.rs. */

const { toUSVString } = require('node:util')

/** What is no id, as a message calls it; `undefined` for what may be one. */
const kindOfNoId = (value) => {
  if (value === undefined || value === null || Number.isNaN(value)) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'function') return 'a function'
  const isPromise = typeof value === 'object' && typeof value.then === 'function'
  return isPromise ? 'a promise' : undefined
}

/**
 * An id's text as in a template literal, or what it is when it is none.
 * @returns {{text?: string, noId?: string}}
 */
const readId = (value) => {
  const noId = kindOfNoId(value)
  if (noId) return { noId }
  const text = toUSVString(`${value}`)
  if (text === '') return { noId: 'empty' }
  const isDefault = typeof value === 'object' && text.startsWith('[object ') && text.endsWith(']')
  return isDefault ? { noId: 'an object without a text of its own' } : { text }
}

/** Which ids a call takes after the integration id. */
const IDS = {
  saveIds: ['botmatic id', 'external id'],
  getBotmaticId: ['external id'],
  getExtId: ['botmatic id'],
  deleteIds: ['botmatic id', 'external id'],
  deleteAllIds: [],
  listIds: ['cursor', 'kind']
}

/** Why a call with these ids cannot be made; `undefined` when all are ids. */
const complaint = (operation, ids) => {
  const at = ids.findIndex(({ noId }) => noId)
  if (at < 0) return undefined
  const { noId } = ids[at]
  const advice =
    noId === 'a promise'
      ? 'await it first'
      : 'pass a string, a number or an object with a toString of its own'
  return `the ${IDS[operation][at]} is ${noId}, which is no id; ${advice}`
}

module.exports = { complaint, readId }
