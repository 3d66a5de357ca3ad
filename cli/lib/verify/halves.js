/** A store with itself: whether both halves of each pair are there and agree. */

const { countsOf, tellLeftOut } = require('../store/walk')

/** A finding in words. */
const textOf = ({ problem, half, botmaticId, externalId, found, isAmbiguous, isRepaired }) => {
  const [id, other] =
    half === 'botmatic'
      ? [`botmatic id ${botmaticId}`, `external id ${externalId}`]
      : [`external id ${externalId}`, `botmatic id ${botmaticId}`]
  if (problem === 'missing') {
    const end = isRepaired
      ? ': written'
      : isAmbiguous
        ? ': several ids claim it, so it is left alone'
        : ''
    return `${id} has ${other}, which has nothing${end}`
  }
  const shared = problem === 'shared' ? ' too: they share it' : ''
  return `${id} has ${other}, which has ${found}${shared}`
}

/**
 * @param {import('../job').Job} job
 * @param {import('../store/store').Store} target
 * @param {string[] | undefined} wanted integrations; all of them when undefined
 * @param {{repair?: boolean}} options
 * @param {import('./findings').Findings} findings
 * @returns {Promise<object>} counts of `verifyIds`, of all integrations together
 */
const verifyHalves = async (job, target, wanted, { repair }, findings) => {
  const { signal } = job
  const sums = {}
  let looked = 0
  for (const integrationId of wanted ?? (await countsOf(job, target)).keys()) {
    const before = looked
    const onProgress = ({ done }) => {
      job.touch()
      looked = before + done
      job.screen.update(looked)
    }
    const verification = target.store.verifyIds(integrationId, {
      signal,
      onProgress,
      ...(repair && { repair })
    })
    for await (const finding of job.each(verification)) {
      // Sharing is legal: two botmatic ids may have one external id.
      if (finding.problem !== 'shared') {
        findings.add({ integrationId, ...finding }, textOf(finding))
      }
      job.touch()
    }
    for (const [name, count] of Object.entries(await job.within(verification))) {
      if (typeof count === 'number') sums[name] = (sums[name] ?? 0) + count
    }
  }
  tellLeftOut(job, target)
  return sums
}

module.exports = { verifyHalves }
