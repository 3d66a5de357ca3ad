/** The pairs of an integration. */

const { Given } = require('./given')
const { halvesOf } = require('./walk')

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
  for await (const halves of halvesOf(calls, `${integrationId}`, 'botmatic', told.signal)) {
    count += halves.length
    told.tell(halves.length)
  }
  return count
}

module.exports = { countIds, pairs }
