/** Walks: `pairs`, `countIds` and `integrations`, on servers and over clients, and in memory. */

const assert = require('node:assert/strict')
const net = require('node:net')
const { describe, test } = require('node:test')
const ioredis = require('ioredis')
const redis6 = require('redis6')
const { startFake, array, bulk } = require('./support/fake-redis')
const { open } = require('./support/open')
const { useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const server = useServer()

/** Clients whose server cannot be told, so that they are served through their own commands. */
const viaConnector = (t, options) => {
  class Connector {
    connect = async () => (this.stream = net.connect(server.port, '127.0.0.1'))
    check = () => true
    disconnect = () => this.stream.end()
  }
  const client = new ioredis({ Connector, ...options })
  t.after(() => client.disconnect())
  return client
}

const pool = async (t) => {
  const client = await redis6.createClientPool({ url: server.url }).connect()
  client.on('error', () => {})
  t.after(() => client.destroy())
  return client
}

const KINDS = {
  'of its own connection': () => server.url,
  'over an ioredis client with a Connector': viaConnector,
  'over a pool of redis 6': pool,
  'in memory': () => 'memory:'
}

const fresh = async (t, what, options) => {
  await server.command('flushall')
  return open(t, await what(t), options)
}

const collect = async (walk) => {
  const items = []
  for await (const item of walk) items.push(item)
  return items
}

const sorted = (pairs) => pairs.map((pair) => pair.join('=')).sort()

const pairsOf = (count, start = 0) =>
  Array.from({ length: count }, (_, n) => [`${start + n}`, `x${start + n}`])

for (const [kind, what] of Object.entries(KINDS)) {
  describe(`a store ${kind}`, () => {
    test('gives each pair once, whatever else there is', async (t) => {
      const store = await fresh(t, what)
      await store.saveAllIds('i', pairsOf(3_000))
      await store.saveAllIds('ii', pairsOf(10))
      await store.saveAllIds('I', pairsOf(10))
      await server.command('set', 'i:uuid', 'of the application')
      assert.deepEqual(sorted(await collect(store.pairs('i'))), sorted(pairsOf(3_000)))
      assert.equal(await store.countIds('i'), 3_000)
      assert.equal(await store.countIds('none'), 0)
      assert.deepEqual(await collect(store.integrations()), [
        { integrationId: 'I', pairs: 10 },
        { integrationId: 'i', pairs: 3_000 },
        { integrationId: 'ii', pairs: 10 }
      ])
    })

    test('ids and integration ids of any text', async (t) => {
      const store = await fresh(t, what)
      const ids = [
        '*',
        '?',
        '[a]',
        '\\',
        'a\0b',
        '\r\n',
        'é',
        '😀',
        ' ',
        ':',
        'b',
        'x'.repeat(9_000)
      ]
      for (const integration of ['*', '[ab]', 'a\\', '', undefined, 'é:x', 'a']) {
        await store.saveAllIds(
          integration,
          ids.map((id) => [id, `${id}!`])
        )
      }
      const expected = sorted(ids.map((id) => [id, `${id}!`]))
      for (const integration of ['*', '[ab]', 'a\\', '', undefined, 'é:x', 'a']) {
        assert.deepEqual(sorted(await collect(store.pairs(integration))), expected, integration)
      }
      const told = await collect(store.integrations())
      assert.deepEqual(
        told.map(({ integrationId, pairs }) => `${integrationId} ${pairs}`),
        ['', '*', '[ab]', 'a', 'a\\', 'undefined', 'é:x'].map((id) => `${id} ${ids.length}`)
      )
    })

    test('two botmatic ids on one external id are two pairs', async (t) => {
      const store = await fresh(t, what)
      await store.saveAllIds('i', [
        [1, 'x'],
        [2, 'x']
      ])
      assert.deepEqual(sorted(await collect(store.pairs('i'))), ['1=x', '2=x'])
      assert.equal(await store.countIds('i'), 2)
    })

    test('with fewer calls at once than a page has ids', async (t) => {
      const store = await fresh(t, what, { maxPending: 20 })
      await store.saveAllIds('i', pairsOf(2_500))
      assert.equal((await collect(store.pairs('i'))).length, 2_500)
      assert.deepEqual(await collect(store.integrations()), [{ integrationId: 'i', pairs: 2_500 }])
      assert.equal((await store.verifyIds('i')).pairs, 2_500)
    })

    test('listings of all see what was saved before them, awaited or not', async (t) => {
      const store = await fresh(t, what)
      for (const [id, ext] of pairsOf(2_500)) store.saveIds('i', id, ext)
      const first = store.integrations().next()
      for (const [id, ext] of pairsOf(2_500)) store.saveIds('j', id, ext)
      const pairs = store.allPairs().next()
      assert.deepEqual((await first).value, { integrationId: 'i', pairs: 2_500 })
      await pairs
      assert.equal((await collect(store.allPairs())).length, 5_000)
    })

    test('progress of all pairs goes on over integrations', async (t) => {
      const store = await fresh(t, what)
      for (const id of ['i', 'j']) await store.saveAllIds(id, pairsOf(2))
      let done = 0
      const onProgress = (progress) => {
        assert.ok(progress.done >= done, `${progress.done} after ${done}`)
        done = progress.done
      }
      await collect(store.allPairs({ onProgress }))
      assert.equal(done, 4)
    })

    test('under a key prefix', async (t) => {
      const store = await fresh(t, what, { keyPrefix: 'p*:' })
      await store.saveAllIds('i', pairsOf(20))
      assert.equal((await collect(store.pairs('i'))).length, 20)
      assert.deepEqual(await collect(store.integrations()), [{ integrationId: 'i', pairs: 20 }])
    })

    test('ids that read as part of a longer integration id', async (t) => {
      const store = await fresh(t, what)
      await store.saveAllIds('a', [
        ['x:b:1', 'one'],
        ['b:2', 'two'],
        ['3', 'x:e:3'],
        ['4', 'four']
      ])
      await store.saveAllIds('a:b:x', [
        ['5', 'five'],
        ['6', 'six']
      ])
      const own = ['3=x:e:3', '4=four', 'b:2=two', 'x:b:1=one']
      assert.deepEqual(sorted(await collect(store.pairs('a'))), own)
      assert.equal(await store.countIds('a'), 4)
      assert.deepEqual(await collect(store.integrations()), [
        { integrationId: 'a', pairs: 4 },
        { integrationId: 'a:b:x', pairs: 2 }
      ])
    })

    test('is left early, by break and by an abort', async (t) => {
      const store = await fresh(t, what)
      await store.saveAllIds('i', pairsOf(5_000))
      for await (const [botmaticId] of store.pairs('i')) {
        assert.match(botmaticId, /^\d+$/)
        break
      }
      const abort = new AbortController()
      const { signal } = abort
      let given = 0
      const walk = async () => {
        for await (const _ of store.pairs('i', { signal })) if (++given === 1) abort.abort()
      }
      await assert.rejects(walk(), { name: 'AbortError' })
      assert.ok(given < 5_000, `${given} given`)
      await assert.rejects(store.countIds('i', { signal }), { name: 'AbortError' })
      await assert.rejects(collect(store.integrations({ signal })), { name: 'AbortError' })
      const iterator = store.pairs('i')
      assert.deepEqual(await iterator.return(), { done: true, value: undefined })
      // All goes on.
      assert.equal(await store.countIds('i'), 5_000)
    })

    test('a store that was closed: it rejects, strict or not', async (t) => {
      const store = await fresh(t, what)
      await store.quit()
      const isClosed = { name: 'KeyStoreError', code: 'CLOSED', operation: 'listIds' }
      await assert.rejects(collect(store.pairs('i')), isClosed)
      await assert.rejects(store.countIds('i'), isClosed)
      await assert.rejects(collect(store.integrations()), isClosed)
    })

    test('progress is told', async (t) => {
      const store = await fresh(t, what)
      await store.saveAllIds('i', pairsOf(2_000))
      let last
      const onProgress = (progress) => (last = progress)
      await store.countIds('i', { onProgress })
      assert.deepEqual(last, { done: 2_000, failed: 0, total: undefined })
    })
  })
}

for (const kind of ['of its own connection', 'over a pool of redis 6']) {
  test(`keys of empty ids are no pairs of a store ${kind}`, async (t) => {
    const store = await fresh(t, KINDS[kind])
    await store.saveIds('i', 1, 'x')
    for (const key of ['i:b:', 'other:b:', 'i:e:', ':b:']) await server.command('set', key, 'y')
    // A botmatic half that holds an empty text counts as what `getExtId` says of it.
    for (const key of ['i:e:b', 'x:e:1:b:y', 'i:b::b:x']) await server.command('set', key, '')
    assert.deepEqual(await collect(store.pairs('i')), [['1', 'x']])
    assert.equal(await store.countIds('i'), 1)
    assert.equal(await store.countIds('other'), 0)
    assert.deepEqual(await collect(store.integrations()), [
      { integrationId: 'i', pairs: 1 },
      { integrationId: 'i:b:', pairs: 1 },
      { integrationId: 'x:e:1', pairs: 1 }
    ])
    assert.deepEqual(sorted(await collect(store.allPairs())), ['i:b:=x=', 'i=1=x', 'x:e:1=y='])
  })
}

test('keys of other types and halves that are gone are no pairs', async (t) => {
  const store = await fresh(t, () => server.url)
  await store.saveIds('i', 1, 'x')
  await server.command('lpush', 'i:b:2', 'x')
  await server.command('sadd', 'j:b:2', 'x')
  // An id of a longer integration, if anything: its other half does not point back.
  await server.command('set', 'i:b:x:b:1', 'y')
  assert.deepEqual(await collect(store.pairs('i')), [['1', 'x']])
  assert.equal(await store.countIds('i'), 1)
  assert.deepEqual(await collect(store.integrations()), [
    { integrationId: 'i', pairs: 1 },
    { integrationId: 'i:b:x', pairs: 1 }
  ])
})

test('a listing sees what was saved before it, awaited or not', async (t) => {
  const store = await fresh(t, () => server.url)
  const saving = pairsOf(500).map((pair) => store.saveIds('i', ...pair))
  assert.equal(await store.countIds('i'), 500)
  store.deleteAllIds('i')
  assert.equal(await store.countIds('i'), 0)
  await Promise.all(saving)
})

test('the server gives keys twice: they come once', async (t) => {
  let page = 0
  const fake = await startFake(t, ([name]) => {
    if (name !== 'SCAN') return undefined
    page++
    const keys = ['i:b:1', 'i:b:2', 'i:b:1'].map(bulk)
    return array([bulk(page < 3 ? '7' : '0'), array(keys)])
  })
  for (const n of [1, 2]) fake.data.set(`i:b:${n}`, `x${n}`)
  const store = open(t, fake.url)
  assert.deepEqual(await collect(store.pairs('i')), [
    ['1', 'x1'],
    ['2', 'x2']
  ])
})

test('a client without SCAN is told so', async (t) => {
  const store = open(t, stub(byPromise))
  const isLacking = { name: 'KeyStoreError', code: 'REPLY', message: /no "scan"/ }
  await assert.rejects(collect(store.pairs('i')), isLacking)
  await assert.rejects(store.countIds('i'), isLacking)
})

test('a connection that is lost on the way: each pair comes once', async (t) => {
  const store = await fresh(t, () => server.url)
  const expected = pairsOf(20_000)
  await store.saveAllIds('i', expected)
  const found = []
  for await (const pair of store.pairs('i')) {
    found.push(pair)
    if ([1, 7_000, 15_000].includes(found.length)) {
      await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
    }
  }
  assert.deepEqual(sorted(found), sorted(expected))
  assert.ok(store.stats().reconnects > 0)
})

test('a server that is restarted on the way, and loads its data: each pair comes once', async (t) => {
  const store = await fresh(t, () => server.url, { readTimeout: 30_000 })
  const expected = pairsOf(20_000)
  await store.saveAllIds('i', expected)
  const found = []
  for await (const pair of store.pairs('i')) {
    found.push(pair)
    if (found.length !== 9_000) continue
    await server.command('save')
    await server.kill()
    await server.restart()
  }
  assert.deepEqual(sorted(found), sorted(expected))
})

test('a page asks the server to look at a thousand keys, however many there are', async (t) => {
  const asked = []
  const fake = await startFake(t, ([name, ...words]) => {
    if (/SCAN|KEYS/.test(name)) asked.push(words.slice(1).join(' '))
    return name === 'SCAN' ? array([bulk(asked.length < 3 ? '9' : '0'), array([])]) : undefined
  })
  const store = open(t, fake.url, { keyPrefix: 'p?' })
  assert.equal(await store.countIds('a[*]'), 0)
  assert.deepEqual(asked, Array(3).fill('MATCH p\\?a\\[\\*\\]:b:* COUNT 1000'))
})
