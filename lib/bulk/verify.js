/** Whether the two halves of each pair of an integration agree, and how what is missing is put back. */

const { halves, lookUp } = require('./listing')
const { readOptions } = require('./options')

/** What is wrong with a half: its other half is not there, or is of another id. */
const judge = (kind, { id, other }, back) => {
  if (back === id) return undefined
  const [botmaticId, externalId] = kind === 'b' ? [id, other] : [other, id]
  const half = kind === 'b' ? 'botmatic' : 'external'
  if (back === null) return { problem: 'missing', half, botmaticId, externalId }
  return { problem: 'disagreeing', half, botmaticId, externalId, found: back }
}

/**
 * Writes the half that a finding misses, if it is still missing and nothing else claims it. Resolves to
 * whether it did.
 */
const repairOne = async (calls, integrationId, { half, botmaticId, externalId }) => {
  const [operation, id, expected, opposite, other] =
    half === 'botmatic'
      ? ['getExtId', botmaticId, externalId, 'getBotmaticId', externalId]
      : ['getBotmaticId', externalId, botmaticId, 'getExtId', botmaticId]
  const [held] = await lookUp(calls, operation, integrationId, [id])
  const [back] = await lookUp(calls, opposite, integrationId, [other])
  // Somebody has written since.
  if (held !== expected || back !== null) return false
  return calls.call('saveIds', integrationId, botmaticId, externalId)
}

/** Puts back what is missing and claimed by one half only; marks what is done, and what is ambiguous. */
const repairAll = async (calls, integrationId, findings, options) => {
  const claims = new Map()
  const claimed = ({ half, botmaticId, externalId }) =>
    half === 'botmatic' ? `e:${externalId}` : `b:${botmaticId}`
  const missing = findings.filter(({ problem }) => problem === 'missing')
  for (const finding of missing) {
    const key = claimed(finding)
    claims.set(key, (claims.get(key) ?? 0) + 1)
  }
  for (const finding of missing) {
    options.check()
    finding.isAmbiguous = claims.get(claimed(finding)) > 1
    finding.isRepaired = !finding.isAmbiguous && (await repairOne(calls, integrationId, finding))
  }
}

/**
 * Compares both halves of each pair: counts, and the list of what is wrong.
 * @param {object} calls
 * @param {unknown} integrationId
 * @param {{repair?: boolean, signal?: AbortSignal, onProgress?: Function}} [given]
 */
const verify = async (calls, integrationId, given) => {
  const options = readOptions(given, ['repair'])
  const result = { pairs: 0, missing: 0, disagreeing: 0, repaired: 0, findings: [] }
  let done = 0
  for (const [kind, opposite] of [
    ['b', 'getBotmaticId'],
    ['e', 'getExtId']
  ]) {
    for await (const page of halves(calls, integrationId, kind, options)) {
      const others = page.map(({ other }) => other)
      const back = page.length > 0 ? await lookUp(calls, opposite, integrationId, others) : []
      page.forEach((half, n) => {
        const finding = judge(kind, half, back[n])
        if (finding) result.findings.push(finding)
        else if (kind === 'b') result.pairs++
      })
      done += page.length
      options.onProgress({ done })
    }
  }
  for (const { problem } of result.findings) result[problem]++
  if (options.repair) {
    await repairAll(calls, integrationId, result.findings, options)
    result.repaired = result.findings.filter(({ isRepaired }) => isRepaired).length
  }
  return result
}

module.exports = { verify }
