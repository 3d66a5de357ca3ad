/** The integrations that have pairs, and how many each has. */

const { abortable } = require('./abortable')
const { Given } = require('./given')
const { ownedOf } = require('./owned')
const { countOf, pagesOf } = require('./walk')

/** Each integration and its pairs, see index.d.ts. */
async function* integrations(calls, given) {
  const told = new Given(given)
  const counts = new Map()
  for await (const items of pagesOf(calls, '', 'i', told.signal)) {
    if (calls.listsKeys) {
      for (const [owner] of await abortable(ownedOf(calls, items), told.signal)) {
        counts.set(owner, (counts.get(owner) ?? 0) + 1)
      }
    } else {
      for (const { rest, pairs } of items.map(countOf)) counts.set(rest, pairs)
    }
    told.tell(items.length)
  }
  for (const integrationId of [...counts.keys()].sort()) {
    yield { integrationId, pairs: counts.get(integrationId) }
  }
}

module.exports = { integrations }
