/** The pairs of an integration. */

const { Given } = require('./given')
const { countOf, halvesOf, pagesOf } = require('./walk')

/** Each pair once, see index.d.ts. */
async function* pairs(calls, integrationId, given) {
  const told = new Given(given)
  for await (const halves of halvesOf(calls, `${integrationId}`, 'botmatic', told.signal)) {
    for (const { id, other } of halves) yield [id, other]
    told.tell(halves.length)
  }
}

/** How many pairs there are. */
const countIds = async (calls, integrationId, given) => {
  const told = new Given(given)
  let count = 0
  if (!calls.listsKeys) {
    // It counts itself: of all whose id begins so, the one itself comes first.
    for await (const items of pagesOf(calls, `${integrationId}`, 'i', told.signal)) {
      const [{ rest, pairs } = {}] = items.map(countOf)
      if (rest === '') count = pairs
      told.tell(count)
      return count
    }
  }
  for await (const halves of halvesOf(calls, `${integrationId}`, 'botmatic', told.signal)) {
    count += halves.length
    told.tell(halves.length)
  }
  return count
}

module.exports = { countIds, pairs }
