/** Whose the halves are that a listing of all integrations names. */

const { lookUp } = require('./walk')
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
 * How a half of that value is to be read: of its readings the shortest whose other half points back, else the
 * one in which the id can be of no longer integration id; `undefined` when it is an external half.
 */
const readingOf = async (calls, readings, value) => {
  for (const { integrationId, id } of readings) {
    const reading = [integrationId, id, value]
    if (!isAmbiguous(id)) return reading
    const [back] = await lookUp(calls, 'getBotmaticId', integrationId, [value])
    if (back === id) return reading
  }
  return undefined
}

/** `[integrationId, botmaticId, externalId]` of each name that is a botmatic half and holds a string. */
const ownedOf = async (calls, names) => {
  const groups = new Map()
  for (const readings of names.map(readingsOf)) {
    const { integrationId } = readings[0]
    if (!groups.has(integrationId)) groups.set(integrationId, [])
    groups.get(integrationId).push(readings)
  }
  const owned = [...groups].map(async ([integrationId, group]) => {
    const ids = group.map(([{ id }]) => id)
    const values = await lookUp(calls, 'getExtId', integrationId, ids)
    const held = group.map((readings, n) => ({ readings, value: values[n] }))
    return NativePromise.all(
      held
        .filter(({ value }) => value !== null)
        .map(({ readings, value }) => readingOf(calls, readings, value))
    )
  })
  return (await NativePromise.all(owned)).flat().filter(Boolean)
}

module.exports = { ownedOf }
