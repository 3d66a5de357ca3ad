/** The integrations that have pairs, and how many each has. */

const { abortable } = require('./abortable')
const { Given } = require('./given')
const { countOf, lookUp, pagesOf } = require('./walk')
const { isAmbiguous } = require('../delegate/delete-all')
const { NativePromise } = require('../shared/globals')

/** What the name of a botmatic half may stand for, the shortest integration id first. */
const readingsOf = (name) => {
  const readings = []
  for (let at = name.indexOf(':b:'); at >= 0; at = name.indexOf(':b:', at + 1)) {
    readings.push({ integrationId: name.slice(0, at), id: name.slice(at + 3) })
  }
  return readings
}

/**
 * Whose a half of that value is: of its readings the shortest whose other half points back, else the one
 * in which the id can be of no longer integration id; `undefined` when it is an external half.
 */
const ownerOf = async (calls, readings, value) => {
  for (const { integrationId, id } of readings) {
    if (!isAmbiguous(id)) return integrationId
    const [back] = await lookUp(calls, 'getBotmaticId', integrationId, [value])
    if (back === id) return integrationId
  }
  return undefined
}

/** The integration of each name that is a botmatic half and holds a string. */
const ownersOf = async (calls, names) => {
  const groups = new Map()
  for (const readings of names.map(readingsOf)) {
    const { integrationId } = readings[0]
    if (!groups.has(integrationId)) groups.set(integrationId, [])
    groups.get(integrationId).push(readings)
  }
  const owners = [...groups].map(async ([integrationId, group]) => {
    const ids = group.map(([{ id }]) => id)
    const values = await lookUp(calls, 'getExtId', integrationId, ids)
    const held = group.map((readings, n) => ({ readings, value: values[n] }))
    return NativePromise.all(
      held
        .filter(({ value }) => value !== null)
        .map(({ readings, value }) => ownerOf(calls, readings, value))
    )
  })
  return (await NativePromise.all(owners)).flat()
}

/** Each integration and its pairs, see index.d.ts. */
async function* integrations(calls, given) {
  const told = new Given(given)
  const counts = new Map()
  for await (const items of pagesOf(calls, '', 'i', told.signal)) {
    if (calls.listsKeys) {
      for (const owner of await abortable(ownersOf(calls, items), told.signal)) {
        if (owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1)
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
