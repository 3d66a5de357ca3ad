/** Many calls at once, walks and checks: on Redis, in a file, in memory, on a cluster. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { useBackends } = require('./support/backends')
const { randomFrom } = require('./support/random')
const { useServer } = require('./support/redis')
const { useCluster } = require('./support/topologies')

const server = useServer()
const cluster = useCluster([], { replicas: 0 })

const opener = (address) => async (t, options) => {
  const store = createKeyStore(await address(), options)
  t.after(() => store.quit())
  return store
}

const backends = [
  ...useBackends(),
  {
    name: 'a cluster',
    open: opener(async () => {
      for (const { command } of cluster.masters) await command('flushall')
      return `redis-cluster://127.0.0.1:${cluster.ports[0]}`
    })
  }
]

const range = (length, pair = (n) => [`b${n}`, `e${n}`]) =>
  Array.from({ length }, (_, n) => pair(n))

const collect = async (iterable) => {
  const all = []
  for await (const item of iterable) all.push(item)
  return all
}

const sorted = (list) => list.map((item) => JSON.stringify(item)).sort()

for (const { name, open } of backends) {
  describe(name, () => {
    test('saveAllIds takes arrays, iterables and async iterables', async (t) => {
      const store = await open(t)
      const given = [
        range(3_000),
        new Set(range(10, (n) => [n, n])),
        (async function* () {
          yield* range(5_000, (n) => [`x${n}`, `y${n}`])
        })()
      ]
      for (const pairs of given) {
        const { saved, failed, failedCount } = await store.saveAllIds('i', pairs)
        assert.ok(saved >= 10)
        assert.deepEqual([failed, failedCount], [[], 0])
      }
      assert.equal(await store.getExtId('i', 'x4999'), 'y4999')
      assert.equal(await store.countIds('i'), 3_000 + 10 + 5_000)
    })

    test('what is no pair is told, and the rest is saved', async (t) => {
      const store = await open(t)
      const told = await store.saveAllIds('i', [
        [1, 'x'],
        null,
        [2],
        [3, ''],
        'no',
        [4, 'y'],
        [[], 5]
      ])
      assert.deepEqual(told, {
        saved: 2,
        failed: [1, 2, 3, 4, 6].map((index) => ({ index, code: 'NOID' })),
        failedCount: 5
      })
      const many = await store.saveAllIds('i', Array(2_500).fill([]))
      assert.deepEqual([many.failed.length, many.failedCount], [1_000, 2_500])
    })

    test('lookups and deletes come back in order', async (t) => {
      const store = await open(t)
      await store.saveAllIds('i', range(5_000))
      const ids = [...range(5_000, (n) => `b${n}`), 'none', null]
      assert.deepEqual(await store.getExtIds('i', ids), [
        ...range(5_000, (n) => `e${n}`),
        null,
        null
      ])
      const external = ['e7', 'none', 'e1']
      assert.deepEqual(await store.getBotmaticIds('i', external), ['b7', null, 'b1'])
      const gone = [['b1', 'e1'], ['b1', 'e1'], ['b2', 'other'], [], ['b3', 'e3']]
      assert.deepEqual(await store.deleteManyIds('i', gone), [true, false, false, false, true])
      assert.deepEqual(await store.getExtIds('i', ['b1', 'b2', 'b3', 'b4']), [
        null,
        null,
        null,
        'e4'
      ])
    })

    test('calls before and after take effect in their order', async (t) => {
      const store = await open(t)
      store.saveIds('i', 'b1', 'before')
      const saved = store.saveAllIds('i', range(3_000))
      await saved
      store.deleteAllIds('i')
      const again = store.saveAllIds('i', range(10))
      assert.deepEqual(await store.getExtIds('i', ['b1', 'b2999']), ['e1', null])
      assert.equal((await again).saved, 10)
    })

    test('pairs and integrations are listed, each once', async (t) => {
      const store = await open(t)
      const given = {
        i: range(4_000),
        'i*': range(3, (n) => [n, n]),
        'with space': [['é😀', '\r\n']],
        undefined: [[1, 2]]
      }
      for (const [integration, pairs] of Object.entries(given)) {
        await store.saveAllIds(integration, pairs)
      }
      for (const [integration, pairs] of Object.entries(given)) {
        const texts = pairs.map((pair) => pair.map(String))
        assert.deepEqual(sorted(await collect(store.pairs(integration))), sorted(texts))
        assert.equal(await store.countIds(integration), pairs.length)
      }
      assert.deepEqual(await collect(store.pairs('none')), [])
      assert.equal(await store.countIds('none'), 0)
      assert.deepEqual(
        sorted(await collect(store.integrations())),
        sorted(
          Object.entries(given).map(([integrationId, pairs]) => ({
            integrationId,
            pairs: pairs.length
          }))
        )
      )
    })

    test('two botmatic ids of one external id are two pairs', async (t) => {
      const store = await open(t)
      await store.saveAllIds('i', [
        [1, 'x'],
        [2, 'x']
      ])
      assert.deepEqual(
        sorted(await collect(store.pairs('i'))),
        sorted([
          ['1', 'x'],
          ['2', 'x']
        ])
      )
      const check = store.verifyIds('i')
      assert.deepEqual(await collect(check), [
        { problem: 'shared', half: 'botmatic', botmaticId: '1', externalId: 'x', found: '2' }
      ])
      const { pairs, missing, shared } = await check
      assert.deepEqual([pairs, missing, shared], [1, 0, 1])
    })

    test('ids that read as of a longer integration are listed where they belong', async (t) => {
      const store = await open(t)
      await store.saveIds('a', 'x:b:1', 'own')
      await store.saveIds('a:b:x', '2', 'other')
      assert.deepEqual(await collect(store.pairs('a')), [['x:b:1', 'own']])
      // In Redis, what is one of `a`'s can be looked up as one of the longer id too.
      const others = name === 'a file' || name === 'memory' ? [] : [['1', 'own']]
      assert.deepEqual(
        sorted(await collect(store.pairs('a:b:x'))),
        sorted([...others, ['2', 'other']])
      )
      assert.equal(await store.countIds('a'), 1)
      assert.deepEqual(
        sorted(await collect(store.integrations())),
        sorted([
          { integrationId: 'a', pairs: 1 },
          { integrationId: 'a:b:x', pairs: 1 }
        ])
      )
    })

    test('a key prefix is of every listing', async (t) => {
      const store = await open(t, { keyPrefix: 'p*:' })
      await store.saveAllIds('i', range(5))
      assert.deepEqual(await collect(store.integrations()), [{ integrationId: 'i', pairs: 5 }])
      assert.equal((await collect(store.pairs('i'))).length, 5)
    })

    test('a listing may be left, and an abort ends it', async (t) => {
      const store = await open(t)
      await store.saveAllIds('i', range(3_000))
      for await (const pair of store.pairs('i')) {
        assert.equal(pair.length, 2)
        break
      }
      const controller = new AbortController()
      const reason = new Error('enough')
      await assert.rejects(
        (async () => {
          for await (const _ of store.pairs('i', { signal: controller.signal }))
            controller.abort(reason)
        })(),
        reason
      )
      await assert.rejects(
        store.saveAllIds('i', range(3), { signal: AbortSignal.abort(reason) }),
        reason
      )
    })

    test('progress is told', async (t) => {
      const store = await open(t)
      const told = []
      await store.saveAllIds('i', range(5_000), {
        onProgress: (progress) => told.push(progress.done)
      })
      assert.equal(told.at(-1), 5_000)
      assert.ok(told.length >= 2)
    })

    test('a source that fails ends it, once what was begun has ended, and is told', async (t) => {
      const store = await open(t)
      const failing = (function* () {
        yield* range(3_000)
        throw new RangeError('the source')
      })()
      await assert.rejects(store.saveAllIds('i', failing), /the source/)
      assert.equal(store.stats().pending, 0)
    })

    test('wrong arguments are refused', async (t) => {
      const store = await open(t)
      for (const pairs of [undefined, 'text', 7, {}]) {
        await assert.rejects(store.saveAllIds('i', pairs), {
          name: 'TypeError',
          message: /pass an array, an iterable/
        })
      }
      await assert.rejects(store.getExtIds('i', [1], { sginal: 1 }), /unknown option "sginal"/)
      await assert.rejects(store.getExtIds('i', [1], { signal: 1 }), /AbortSignal/)
      await assert.rejects(store.countIds('i', { onProgress: 1 }), /function/)
    })

    test('ready, and await using', async (t) => {
      const store = await open(t)
      await store.ready()
      if (!Symbol.asyncDispose) return
      const own = await open(t)
      await own[Symbol.asyncDispose]()
      await assert.rejects(own.ready(), { code: 'CLOSED' })
    })

    test('what it has beyond the original is not enumerable', async (t) => {
      assert.deepEqual(Object.keys(await open(t)), [
        'saveIds',
        'getBotmaticId',
        'getExtId',
        'deleteIds',
        'deleteAllIds',
        'quit'
      ])
    })
  })
}

test('saves go on through a server that is killed and comes back', async (t) => {
  const { startRedis } = require('../scripts/redis')
  const own = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  t.after(() => own.stop())
  const store = createKeyStore(own.url, { strict: true })
  t.after(() => store.quit())
  let restarted
  const pairs = (async function* () {
    for (const [n, pair] of range(20_000).entries()) {
      if (n === 8_000) {
        await own.kill()
        restarted = own.restart()
      }
      yield pair
    }
  })()
  assert.deepEqual(await store.saveAllIds('i', pairs), {
    saved: 20_000,
    failed: [],
    failedCount: 0
  })
  await restarted
  assert.equal(await store.countIds('i'), 20_000)
})

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31
test(`a listing beside others who write gives what stood throughout, SEED=${seed}`, async (t) => {
  const { next } = randomFrom(seed)
  await server.command('flushall')
  const [store, other] = [createKeyStore(server.url), createKeyStore(server.url)]
  for (const each of [store, other]) t.after(() => each.quit())
  await store.saveAllIds('i', range(10_000))
  let isOver = false
  // The table of keys grows and shrinks meanwhile, so that SCAN gives keys again.
  const writing = (async () => {
    while (!isOver) {
      await other.saveAllIds(
        'j',
        range(5_000, () => [next(), next()])
      )
      await other.deleteAllIds('j')
    }
  })()
  for (let round = 0; round < 3; round++) {
    const found = await collect(store.pairs('i'))
    assert.equal(found.length, 10_000)
    assert.equal(new Set(found.map(([id]) => id)).size, 10_000)
  }
  isOver = true
  await writing
})

test('ready rejects as the first call would', async (t) => {
  for (const [address, options, code] of [
    ['redis://127.0.0.1:1', { connectTimeout: 300 }, 'UNREACHABLE'],
    [server.url.replace('//', '//nobody:wrong@'), {}, 'AUTH'],
    ['file:/no/such/folder/ids.redb', {}, 'STORAGE']
  ]) {
    const store = createKeyStore(address, options)
    t.after(() => store.quit())
    await assert.rejects(store.ready(), { name: 'KeyStoreError', code })
  }
})
