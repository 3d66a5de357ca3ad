/** All pairs of a store, or those of some integrations. */

const { SPARSE, Witness } = require('./witness')

/** How often a store is read whose connections are lost again and again. */
const ATTEMPTS = 3

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
  const given = { signal: job.signal, onProgress: () => job.touch() }
  const { store } = target
  const pairs = wanted ? pairsOf(store, wanted, given) : store.allPairs(given)
  const witness = new Witness(job, target, 'found', SPARSE)
  const take = (result) => {
    if (result.done) {
      return witness.finish().then(() => {
        tellLeftOut(job, target)
        return result
      })
    }
    witness.keep(result.value)
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

/**
 * What a store comes to that is read as a whole: read again when its connection was lost meanwhile, since it may
 * have come back without what it had.
 * @param {() => Promise<T>} read
 * @returns {Promise<T>}
 * @template T
 */
const steadily = async (job, read) => {
  for (let attempt = 1; ; attempt++) {
    const { changes } = job
    const result = await read()
    if (changes === job.changes) return result
    if (attempt < ATTEMPTS) continue
    job.screen.warn(
      'a connection was lost each time: whether its server had all it had is not known'
    )
    return result
  }
}

/**
 * How many pairs there are, by integration, in their order.
 * @returns {Promise<Map<string, number>>}
 */
const countsOf = (job, { store, name }, wanted) => {
  const { signal } = job
  const given = { signal, onProgress: () => job.touch() }
  job.wait(name)
  return steadily(job, async () => {
    const counts = new Map()
    for (const integrationId of wanted ?? []) {
      counts.set(integrationId, await job.within(store.countIds(integrationId, given)))
    }
    if (wanted) return counts
    for await (const { integrationId, pairs } of job.each(store.integrations(given))) {
      counts.set(integrationId, pairs)
    }
    return counts
  })
}

/** How many there are of all that are wanted. */
const countPairs = async (job, target, wanted) => {
  const counts = await countsOf(job, target, wanted)
  return [...counts.values()].reduce((total, pairs) => total + pairs, 0)
}

module.exports = { countPairs, countsOf, steadily, tellLeftOut, walk }
