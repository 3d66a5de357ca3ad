/** Thousands of random calls on the original, and on ours wherever pairs may be: the same answers, the same database. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const createOriginal = require('@botmatic/js-redis-key-store')
const redis = require('redis2')
const createKeyStore = require('..')
const { useFolder } = require('./support/backends')
const { contents, useServer } = require('./support/redis')
const { randomFrom } = require('./support/random')

const CALLS = 6_000
const CHUNK = 200

/** Few ids, so that calls meet; none that the original is known to treat otherwise. */
const INTEGRATIONS = ['i', 'ii', 'i x', undefined, 7]
const IDS = [0, 1, 2, '3', 'x', 'x:y', 'é', '😀', 'a b', '\r\n', true, 'b'.repeat(300)]

const server = useServer()
const folder = useFolder()

const randomCall = ({ pick, chance }) => {
  const [i, b, e] = [pick(INTEGRATIONS), pick(IDS), pick(IDS)]
  if (chance(0.4)) return ['saveIds', i, b, e]
  if (chance(0.35)) return ['getExtId', i, b]
  if (chance(0.5)) return ['getBotmaticId', i, e]
  if (chance(0.95)) return ['deleteIds', i, b, e]
  return ['deleteAllIds', i]
}

/** redis 2 warns of ids that are no strings. */
const quietly = async (run) => {
  const { log, warn } = console
  console.log = console.warn = () => {}
  try {
    return await run()
  } finally {
    Object.assign(console, { log, warn })
  }
}

/** All that a store can be asked for. */
const everyId = (store) =>
  Promise.all(
    INTEGRATIONS.flatMap((i) =>
      IDS.flatMap((id) => [store.getExtId(i, id), store.getBotmaticId(i, id)])
    )
  )

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31

test(`${CALLS} random calls, SEED=${seed}`, async () => {
  const random = randomFrom(seed)
  const clients = [0, 1].map((db) => redis.createClient({ port: server.port, db }))
  const original = createOriginal(clients[0])
  const ours = createKeyStore(clients[1])
  const calls = Array.from({ length: CALLS }, () => randomCall(random))

  const expected = await quietly(async () => {
    const answers = []
    // One by one: calls of the original that are under way together mix up.
    for (const [name, ...args] of calls) answers.push(await original[name](...args))
    return answers
  })
  const file = `file:${path.join(folder.path, 'ids.redb')}`
  const embedded = [file, 'memory:'].map((url) => createKeyStore(url))
  for (const store of [ours, ...embedded]) {
    const answers = []
    for (let start = 0; start < CALLS; start += CHUNK) {
      const chunk = calls.slice(start, start + CHUNK)
      answers.push(...(await Promise.all(chunk.map(([name, ...args]) => store[name](...args)))))
    }
    calls.forEach((call, n) => {
      assert.equal(answers[n], expected[n], `call ${n}: ${JSON.stringify(call)}`)
    })
  }
  // What was in its file is there when that is opened again.
  await embedded[0].quit()
  embedded[0] = createKeyStore(file)
  for (const store of embedded) {
    assert.deepEqual(await everyId(store), await everyId(ours))
    await store.quit()
  }
  const left = await contents(server.command, 0)
  assert.deepEqual(await contents(server.command, 1), left)
  assert.ok(Object.keys(left).length > 0, 'the calls leave something to compare')
  await Promise.all([original.quit(), ours.quit()])
})
