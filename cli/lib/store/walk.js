/** All pairs of a store, or those of some integrations. */

const { Witness } = require('./witness')

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

/**
 * `[integrationId, botmaticId, extId]` of each pair.
 * @param {import('../job').Job} job
 * @param {import('./store').Store} target
 * @param {string[] | undefined} wanted integrations; all of them when undefined
 */
async function* walk(job, target, wanted) {
  const witness = new Witness(job, target, 'found')
  const given = { signal: job.signal, onProgress: () => job.touch() }
  const { store } = target
  job.wait(target.name)
  for (const integrationId of wanted ?? [undefined]) {
    const pairs = wanted ? store.pairs(integrationId, given) : store.allPairs(given)
    for await (const found of pairs) {
      const pair = wanted ? [integrationId, ...found] : found
      if (witness.isDue) await witness.check()
      witness.keep(pair[0], pair[1])
      yield pair
    }
  }
  await witness.finish()
  tellLeftOut(job, target)
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
