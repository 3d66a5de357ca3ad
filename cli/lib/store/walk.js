/** All pairs of a store, or those of some integrations. */

const { Witness } = require('./witness')

/** Of so many pairs one is remembered: all of them would be garbage that has grown old. */
const SPARSE = 16

/**
 * Ids of the integrations that are meant, in their order.
 * @param {string[] | undefined} wanted all of them when undefined
 */
const integrationsOf = async (job, { store, name }, wanted) => {
  if (wanted) return wanted
  job.wait(name)
  const { signal } = job
  const found = []
  for await (const { integrationId } of job.each(
    store.integrations({ signal, onProgress: () => job.touch() })
  )) {
    found.push(integrationId)
  }
  return found
}

/** The pairs of some integrations, one after the other. */
async function* pairsOf(store, wanted, given) {
  for (const integrationId of wanted) {
    for await (const pair of store.pairs(integrationId, given)) yield [integrationId, ...pair]
  }
}

/**
 * `[integrationId, botmaticId, extId]` of each pair.
 * @param {import('../job').Job} job
 * @param {import('./store').Store} target
 * @param {string[] | undefined} wanted integrations; all of them when undefined
 * @returns {AsyncIterableIterator<[string, string, string]>}
 */
const walk = (job, target, wanted) => {
  const { store } = target
  const given = { signal: job.signal, onProgress: () => job.touch() }
  const pairs = wanted ? pairsOf(store, wanted, given) : store.allPairs(given)
  const witness = new Witness(job, target, 'found')
  let count = 0
  const take = (result) => {
    if (result.done)
      return witness.finish().then(() => {
        tellLeftOut(job, target)
        return result
      })
    if (count++ % SPARSE === 0) witness.keep(result.value)
    return witness.isDue ? witness.check().then(() => result) : result
  }
  job.wait(target.name)
  // A generator around the library's costs as much as that does.
  return {
    next: () => pairs.next().then(take),
    return: () => pairs.return(),
    [Symbol.asyncIterator]() {
      return this
    }
  }
}

/** Tells of keys that are no halves of pairs, and look so. */
const tellLeftOut = (job, { name, hasLeftOut }) => {
  if (hasLeftOut) job.screen.warn(`${name}: keys that hold no text were left out`)
}

/** How many pairs there are. */
const countPairs = async (job, target, wanted) => {
  const { signal } = job
  const given = { signal, onProgress: () => job.touch() }
  job.wait(target.name)
  let count = 0
  if (wanted) {
    for (const integrationId of wanted) {
      count += await job.within(target.store.countIds(integrationId, given))
    }
    return count
  }
  for await (const { pairs } of job.each(target.store.integrations(given))) count += pairs
  return count
}

module.exports = { countPairs, integrationsOf, tellLeftOut, walk }
