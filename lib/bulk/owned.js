/** Whose the halves are that a listing of all integrations names. */

const { lookUp } = require('./walk')
const { isAmbiguous } = require('../delegate/delete-all')
const { NativePromise } = require('../shared/globals')

/** What a name may stand for, by what is between its parts; the shortest integration id first. */
const readingsOf = (name, separator) => {
  const readings = []
  for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1)) {
    readings.push({ integrationId: name.slice(0, at), id: name.slice(at + separator.length) })
  }
  return readings
}

/** Whether the other half of a half of that value is there and points back. */
const isConfirmed = async (calls, find, { integrationId, id }, value) => {
  const [back] = await lookUp(calls, find, integrationId, [value])
  return back === id
}

/**
 * How a name that holds a value is to be read: as the botmatic half of the shortest integration id whose
 * other half points back; not at all, as an external half that is confirmed so; else as the botmatic half
 * whose id can be of no longer integration id.
 */
const readingOf = async (calls, name, value) => {
  const readings = readingsOf(name, ':b:')
  const externals = readingsOf(name, ':e:')
  for (const reading of readings) {
    const isPlain = externals.length === 0 && !isAmbiguous(reading.id)
    if (isPlain || (await isConfirmed(calls, 'getBotmaticId', reading, value))) {
      return [reading.integrationId, reading.id, value]
    }
  }
  for (const reading of externals) {
    if (await isConfirmed(calls, 'getExtId', reading, value)) return undefined
  }
  const plain = readings.find(({ id }) => !isAmbiguous(id))
  return plain && [plain.integrationId, plain.id, value]
}

/** `[integrationId, botmaticId, externalId]` of each name that is a botmatic half and holds a string. */
const ownedOf = async (calls, names) => {
  const groups = new Map()
  for (const name of names) {
    const [{ integrationId, id }] = readingsOf(name, ':b:')
    if (!groups.has(integrationId)) groups.set(integrationId, [])
    groups.get(integrationId).push({ name, id })
  }
  const owned = [...groups].map(async ([integrationId, group]) => {
    const ids = group.map(({ id }) => id)
    const values = await lookUp(calls, 'getExtId', integrationId, ids)
    const held = group.map(({ name }, n) => ({ name, value: values[n] }))
    return NativePromise.all(
      held
        .filter(({ value }) => value !== null)
        .map(({ name, value }) => readingOf(calls, name, value))
    )
  })
  return (await NativePromise.all(owned)).flat().filter(Boolean)
}

module.exports = { ownedOf }
