/** Ids of an integration page by page, and what they stand for. */

const { abortable, check } = require('./abortable')
const { Seen } = require('./seen')
const { isAmbiguous } = require('../delegate/delete-all')

/** Where a listing begins, and what says that it is over. */
const START = '-'
const END = ''

/** By what is walked over: how it is listed, and how its other half is looked up, and the way back. */
const HALVES = {
  botmatic: { listed: 'b', find: 'getExtId', back: 'getBotmaticId' },
  external: { listed: 'e', find: 'getBotmaticId', back: 'getExtId' }
}

/**
 * Pages of a listing, each item once: ids as `b:<id>` or `e:<id>`, or integrations. The next one is on its
 * way while one is worked on.
 */
async function* pagesOf(calls, integrationId, listed, signal) {
  // A backend that lists keys may give some twice, after a reconnect most of them.
  const seen = calls.listsKeys && new Seen()
  const ask = (cursor) => {
    const page = calls.call('listIds', integrationId, cursor, listed)
    // It may be left before it is awaited.
    page.catch(() => {})
    return page
  }
  check(signal)
  for (let coming = ask(START); coming; ) {
    const [cursor, ...items] = await abortable(coming, signal)
    coming = cursor === END ? undefined : ask(cursor)
    yield seen ? items.filter((item) => seen.add(item)) : items
  }
}

/** How a backend lists integrations that counts their pairs: `<pairs>:<the rest of the integration id>`. */
const countOf = (item) => {
  const end = item.indexOf(':')
  return { pairs: Number(item.slice(0, end)), rest: item.slice(end + 1) }
}

/** How many lookups go at once: a server may list all it has on one page, whatever it is asked for. */
const CHUNK = 1_000

/**
 * What lookups come to: `null` of an empty text, which is no id but may stand in a key, and `foreign` where a
 * key holds no string. Rejects with the first failure.
 */
const lookUp = async (calls, operation, integrationId, ids, foreign = null) => {
  const asked = ids.filter((id) => id !== '')
  const found = []
  for (let at = 0; at < asked.length; at += CHUNK) {
    found.push(...(await calls.many(operation, integrationId, asked.slice(at, at + CHUNK))))
  }
  const values = found.map((value) => {
    if (typeof value === 'string' || value === null) return value
    if (value.code === 'WRONGTYPE') return foreign
    throw value
  })
  let next = 0
  return ids.map((id) => (id === '' ? null : values[next++]))
}

/**
 * Pages of the halves of an integration's pairs: `{id, other}`, where `id` is of the kind of half that is
 * walked over. One whose key may be of a longer integration id as well counts only when its other half
 * points back.
 */
async function* halvesOf(calls, integrationId, half, signal) {
  const { listed, find, back } = HALVES[half]
  for await (const items of pagesOf(calls, integrationId, listed, signal)) {
    const ids = items.map((item) => item.slice(2))
    const others = await abortable(lookUp(calls, find, integrationId, ids), signal)
    const halves = ids
      .map((id, n) => ({ id, other: others[n] }))
      .filter(({ other }) => other !== null)
    const doubts = halves.filter(({ id }) => calls.listsKeys && isAmbiguous(id))
    const confirming = doubts.map(({ other }) => other)
    const confirmed = await abortable(lookUp(calls, back, integrationId, confirming), signal)
    const foreign = new Set(doubts.filter(({ id }, n) => confirmed[n] !== id))
    yield foreign.size > 0 ? halves.filter((each) => !foreign.has(each)) : halves
  }
}

module.exports = { HALVES, countOf, halvesOf, lookUp, pagesOf }
