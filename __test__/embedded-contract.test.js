/**
 * The contract in a file and in memory: the cases that the original is compared on, but for those that read
 * or write keys of Redis themselves.
 */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const redis = require('redis3')
const createOriginal = require('@botmatic/js-redis-key-store')
const { useBackends } = require('./support/backends')
const { cases } = require('./support/cases')
const { useServer } = require('./support/redis')

const server = useServer()
const [, ...embedded] = useBackends()

const usesKeys = ({ run }) => run.length > 1

/** What a case comes to for the original. */
const expected = async ({ differs, ours, run, client: options }) => {
  if (differs) return ours
  await server.command('flushall')
  const store = createOriginal(redis.createClient({ port: server.port, ...options }))
  try {
    return await run(store)
  } finally {
    await store.quit()
  }
}

for (const backend of embedded) {
  describe(backend.name, () => {
    for (const each of cases.filter((one) => !usesKeys(one))) {
      test(each.name, async (t) => {
        const prefix = each.client?.prefix
        const store = await backend.open(t, prefix ? { keyPrefix: prefix } : {})
        assert.deepEqual(await each.run(store), await expected(each))
      })
    }

    test('ids of which one is the beginning of another are apart', async (t) => {
      const store = await backend.open(t)
      await store.saveIds('a', 'x:b:1', 'x:b:2')
      await store.saveIds('a:b:x', 1, 2)
      assert.equal(await store.deleteAllIds('a'), true)
      assert.equal(await store.getExtId('a', 'x:b:1'), null)
      assert.equal(await store.getExtId('a:b:x', 1), '2')
    })

    test('globs are letters like others', async (t) => {
      const store = await backend.open(t)
      for (const i of ['*', '?', '[ab]', 'a', 'b']) await store.saveIds(i, 1, 'x')
      for (const i of ['*', '?', '[ab]']) assert.equal(await store.deleteAllIds(i), true)
      assert.deepEqual(
        await Promise.all(['*', '?', '[ab]', 'a', 'b'].map((i) => store.getExtId(i, 1))),
        [null, null, null, 'x', 'x']
      )
    })
  })
}
