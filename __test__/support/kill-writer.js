/**
 * A process that writes to the file in `process.argv[2]` at random until it is killed, and prints what it
 * began, in order, and which of these were answered: `began ["saveIds",…]`, `done 0`.
 */

const fs = require('node:fs')
const createKeyStore = require('../..')
const { BOTMATIC_IDS, EXTERNAL_IDS, INTEGRATIONS } = require('./kill-judge')
const { randomFrom } = require('./random')

const [, , file, seed] = process.argv
const { pick, chance, next } = randomFrom(Number(seed))

// Not by console.log, which may hold lines back that are of calls already answered.
const tell = (line) => fs.writeSync(1, `${line}\n`)

const randomCall = () => {
  const i = pick(INTEGRATIONS)
  if (chance(0.002)) return ['deleteAllIds', i]
  const [b, e] = [pick(BOTMATIC_IDS), pick(EXTERNAL_IDS)]
  return [chance(0.15) ? 'deleteIds' : 'saveIds', i, b, e]
}

const main = async () => {
  // Calls of one store are in order. What a store does not wait for the disk with survives a kill, too.
  const stores = new Map(
    INTEGRATIONS.map((i, n) => {
      const durability = n === 0 ? 'eventual' : 'immediate'
      return [i, createKeyStore(`file:${file}`, { strict: true, durability })]
    })
  )
  for (let number = 0; ; ) {
    const calls = Array.from({ length: 1 + Math.floor(next() * 300) }, randomCall)
    const made = calls.map(([name, ...args]) => {
      const own = number++
      tell(`began ${JSON.stringify([name, ...args])}`)
      return stores
        .get(args[0])
        [name](...args)
        .then(() => tell(`done ${own}`))
    })
    await Promise.all(made)
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
