/** Which keys `deleteAllIds` deletes when it works through a client's own commands. */

const { NativePromise } = require('../shared/globals')

/** Whether a key with this id could as well belong to a longer integration id, see src/key.rs. */
const isAmbiguous = (id) => /^[be]:|:[be]:/.test(id)

/** `null` also where the key holds no string. */
const stringAt = (commands, key) =>
  commands.get(key).catch((error) => {
    if (/WRONGTYPE/.test(error.message)) return null
    throw error
  })

/** Deletes all pairs under `stem`: a key that could be of a longer integration id only as a pair. */
const deleteAll = async (commands, stem) => {
  const halves = { b: 'e', e: 'b' }
  const found = [...(await commands.find(`${stem}:`))].filter((key) =>
    /^:[be]:/.test(key.slice(stem.length))
  )
  const values = await NativePromise.all(found.map((key) => stringAt(commands, key)))
  const doomed = new Set()
  await NativePromise.all(
    found.map(async (key, index) => {
      const [half, id] = [key[stem.length + 1], key.slice(stem.length + 3)]
      const value = values[index]
      if (!isAmbiguous(id)) doomed.add(key)
      if (value === null || !(isAmbiguous(id) || isAmbiguous(value))) return
      const other = `${stem}:${halves[half]}:${value}`
      if ((await stringAt(commands, other)) === id) doomed.add(key).add(other)
    })
  )
  await NativePromise.all([...doomed].map((key) => commands.del(key)))
}

module.exports = { deleteAll, isAmbiguous }
