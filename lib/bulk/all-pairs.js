/** The pairs of all integrations. */

const { abortable } = require('./abortable')
const { Given } = require('./given')
const { integrations } = require('./integrations')
const { ownedOf } = require('./owned')
const { halvesOf, pagesOf } = require('./walk')

/** Each pair once, in one walk over all keys where there are keys; see index.d.ts. */
async function* allPairs(calls, given) {
  const told = new Given(given)
  const { signal } = told
  if (calls.listsKeys) {
    for await (const items of pagesOf(calls, '', 'i', signal)) {
      yield* await abortable(ownedOf(calls, items), signal)
      told.tell(items.length)
    }
    return
  }
  for await (const { integrationId } of integrations(calls, { signal })) {
    for await (const halves of halvesOf(calls, integrationId, 'botmatic', signal)) {
      for (const { id, other } of halves) yield [integrationId, id, other]
      told.tell(halves.length)
    }
  }
}

module.exports = { allPairs }
