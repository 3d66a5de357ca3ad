/** Many calls of one kind: results in the order of the arguments. */

const { inChunks } = require('./chunks')
const { readOptions } = require('./options')
const { KeyStoreError } = require('../shared/error')

/** How many failures are told one by one. */
const MOST_FAILED = 1_000

/** What no pair is made of. */
const NO_PAIR = [undefined, undefined]

/** A pair of what may be anything. */
const pairOf = (value) => {
  if (Array.isArray(value)) return value
  return typeof value?.[Symbol.iterator] === 'function' && typeof value !== 'string'
    ? [...value]
    : NO_PAIR
}

/** Saves all pairs; what fails is told, and the rest goes on. */
const saveAll = async (calls, integrationId, pairs, given) => {
  const options = readOptions(given)
  const result = { saved: 0, failed: [], failedCount: 0 }
  const failed = []
  const run = async (chunk, first) => {
    const ids = chunk.flatMap((pair) => pairOf(pair).slice(0, 2).concat(NO_PAIR).slice(0, 2))
    const answers = await calls.many('saveIds', integrationId, ids)
    answers.forEach((answer, n) => {
      if (answer === true) result.saved++
      else if (++result.failedCount && failed.length < MOST_FAILED) {
        failed.push({ index: first + n, code: answer.code })
      }
    })
    options.onProgress({ done: result.saved + result.failedCount, failed: result.failedCount })
  }
  options.check()
  await inChunks(pairs, 'pairs', run, options)
  // Chunks may end in another order than they began.
  result.failed = failed.sort((one, other) => one.index - other.index)
  return result
}

/**
 * Runs `operation` for each of what `items` gives, of which `idsOf` makes the arguments. A call that failed
 * comes to `quiet`, or rejects all when the store is strict.
 */
const answersTo = async (calls, operation, integrationId, items, what, idsOf, quiet, given) => {
  const options = readOptions(given)
  const results = []
  let done = 0
  const run = async (chunk, first) => {
    const answers = await calls.many(operation, integrationId, chunk.flatMap(idsOf))
    answers.forEach((answer, n) => {
      const isFailed = answer instanceof KeyStoreError
      if (isFailed && calls.isStrict) throw answer
      results[first + n] = isFailed ? quiet(answer) : answer
    })
    done += chunk.length
    options.onProgress({ done })
  }
  options.check()
  await inChunks(items, what, run, options)
  return results
}

const quietLookup = ({ code }) => (code === 'NOID' ? null : undefined)

const lookUpAll = (operation, what) => (calls, integrationId, ids, given) =>
  answersTo(calls, operation, integrationId, ids, what, (id) => [id], quietLookup, given)

const deleteMany = (calls, integrationId, pairs, given) => {
  const idsOf = (pair) => pairOf(pair).concat(NO_PAIR).slice(0, 2)
  return answersTo(calls, 'deleteIds', integrationId, pairs, 'pairs', idsOf, () => false, given)
}

module.exports = {
  saveAll,
  deleteMany,
  botmaticIds: lookUpAll('getBotmaticId', 'externalIds'),
  extIds: lookUpAll('getExtId', 'botmaticIds')
}
