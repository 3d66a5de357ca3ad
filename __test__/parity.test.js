/** The original and ours on the same cases: alike, but where a case says why not. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const createOriginal = require('@botmatic/js-redis-key-store')
const createKeyStore = require('..')
const { cases } = require('./support/cases')
const { contents, useServer } = require('./support/redis')

const CLIENTS = { 'redis 2.8': require('redis2'), 'redis 3.1': require('redis3') }

const server = useServer()

/** What a case comes to on a fresh client and an empty database. */
const result = async (create, redis, { client: options, run }) => {
  await server.command('flushall')
  const client = redis.createClient({ port: server.port, ...options })
  const store = create(client)
  try {
    const value = await run(store, server.command)
    return { value, left: await contents(server.command) }
  } finally {
    await store.quit()
  }
}

/** The original prints what it deletes, and redis 2 warns of ids that it cannot send. */
const silently = async (run) => {
  const { log, warn, error } = console
  console.log = console.warn = console.error = () => {}
  try {
    return await run()
  } finally {
    Object.assign(console, { log, warn, error })
  }
}

for (const each of cases) {
  describe(each.name, () => {
    const disagreements = []
    for (const [name, redis] of Object.entries(CLIENTS)) {
      test(`with ${name}`, async () => {
        const original = await silently(() => result(createOriginal, redis, each))
        const ours = await result(createKeyStore, redis, each)
        if (!each.differs) return assert.deepEqual(ours, original)
        assert.deepEqual(ours, { value: each.ours, left: each.leaves })
        disagreements.push(JSON.stringify(ours) !== JSON.stringify(original))
      })
    }
    if (each.differs && !each.mayAgree) {
      test(`differs: ${each.differs}`, () => assert.ok(disagreements.includes(true)))
    }
  })
}
