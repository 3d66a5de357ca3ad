/** Listings: ids of an integration, its pairs, the integrations. */

const { readOptions } = require('./options')
const { Seen } = require('./seen')
const { KeyStoreError } = require('../shared/error')

/** Where a listing begins. */
const START = '-'

/** Whether a key with this id could as well belong to a longer integration id, see src/key.rs. */
const isAmbiguous = (id) => /^[be]:|:[be]:/.test(id)

/** What a page has, page by page: each item once. `kind` is `b`, `e`, `k` for both, or `i`. */
const pages = async function* (calls, integrationId, kind, options) {
  const seen = calls.repeats ? new Seen() : undefined
  let cursor = START
  do {
    options.check()
    const [next, ...items] = await calls.call('listIds', integrationId, cursor, kind)
    yield seen ? items.filter((item) => seen.add(item)) : items
    cursor = next
  } while (cursor !== '')
}

/** The answers to lookups; one that failed rejects. */
const lookUp = async (calls, operation, integrationId, ids) => {
  const answers = await calls.many(operation, integrationId, ids)
  const failed = answers.find((answer) => answer instanceof KeyStoreError)
  // What a key of another type holds is no id.
  if (failed && failed.code !== 'WRONGTYPE') throw failed
  return answers.map((answer) => (answer instanceof KeyStoreError ? null : answer))
}

/** For each of some halves, whether it is of this integration, see the contract on ambiguous ids. */
const areOwn = async (calls, integrationId, halves, opposite) => {
  const doubtful = halves.filter(({ id, other }) => isAmbiguous(id) || isAmbiguous(other))
  if (!calls.repeats || doubtful.length === 0) return halves
  const back = await lookUp(
    calls,
    opposite,
    integrationId,
    doubtful.map(({ other }) => other)
  )
  const foreign = new Set(doubtful.filter(({ id }, n) => isAmbiguous(id) && back[n] !== id))
  return halves.filter((half) => !foreign.has(half))
}

const OPPOSITE = { getExtId: 'getBotmaticId', getBotmaticId: 'getExtId' }

/** The halves of an integration under one kind of id: `{id, other}`, page by page. */
const halves = async function* (calls, integrationId, kind, options) {
  const operation = kind === 'b' ? 'getExtId' : 'getBotmaticId'
  for await (const items of pages(calls, integrationId, kind, options)) {
    const ids = items.map((item) => item.slice(2))
    const others = ids.length > 0 ? await lookUp(calls, operation, integrationId, ids) : []
    const found = ids
      .map((id, n) => ({ id, other: others[n] }))
      // Deleted since, or no string.
      .filter(({ other }) => other !== null)
    yield areOwn(calls, integrationId, found, OPPOSITE[operation])
  }
}

/** The pairs of an integration, each once. */
const pairs = async function* (calls, integrationId, given) {
  const options = readOptions(given)
  let done = 0
  for await (const page of halves(calls, integrationId, 'b', options)) {
    for (const { id, other } of page) {
      options.check()
      yield [id, other]
    }
    done += page.length
    options.onProgress({ done })
  }
}

/** How many pairs an integration has. */
const count = async (calls, integrationId, given) => {
  const options = readOptions(given)
  let counted = 0
  if (!calls.repeats) {
    // The first whose id begins so is the one itself, if it has any.
    const [, first = ''] = await calls.call('listIds', integrationId, START, 'i')
    return first.indexOf(':') === first.length - 1 ? Number(first.slice(0, -1)) : 0
  }
  for await (const items of pages(calls, integrationId, 'b', options)) {
    const ids = items.map((item) => item.slice(2))
    const doubtful = ids.filter(isAmbiguous)
    counted += ids.length - doubtful.length
    if (doubtful.length > 0) {
      const others = await lookUp(calls, 'getExtId', integrationId, doubtful)
      const found = doubtful
        .map((id, n) => ({ id, other: others[n] }))
        .filter(({ other }) => other !== null)
      counted += (await areOwn(calls, integrationId, found, 'getBotmaticId')).length
    }
    options.onProgress({ done: counted })
  }
  return counted
}

/** What a key may be: integration, half and id. The first has the shortest integration id. */
const readings = (key) =>
  [...key.matchAll(/:(?=([be]):)/g)].map(({ index, 1: half }) => ({
    half,
    integrationId: key.slice(0, index),
    id: key.slice(index + 3)
  }))

/** Which of these it is: that of the longest integration id whose other half confirms it. */
const readingOf = async (calls, key) => {
  const possible = readings(key)
  for (const reading of possible.length > 1 ? [...possible].reverse() : []) {
    const { integrationId, half, id } = reading
    const operation = half === 'b' ? 'getExtId' : 'getBotmaticId'
    const [other] = await lookUp(calls, operation, integrationId, [id])
    // Deleted since.
    if (other === null) return undefined
    const [back] = await lookUp(calls, OPPOSITE[operation], integrationId, [other])
    if (back === id) return reading
  }
  return possible[0]
}

/** The integrations, and how many pairs each has. */
const integrations = async function* (calls, given) {
  const options = readOptions(given)
  const counted = new Map()
  for await (const items of pages(calls, '', 'i', options)) {
    for (const item of items) {
      if (!calls.repeats) {
        const colon = item.indexOf(':')
        yield { integrationId: item.slice(colon + 1), pairs: Number(item.slice(0, colon)) }
        continue
      }
      const reading = await readingOf(calls, item)
      if (reading?.half !== 'b') continue
      const { integrationId } = reading
      counted.set(integrationId, (counted.get(integrationId) ?? 0) + 1)
    }
    options.onProgress({ done: counted.size })
  }
  for (const [integrationId, found] of counted) yield { integrationId, pairs: found }
}

module.exports = { count, halves, integrations, lookUp, pairs }
