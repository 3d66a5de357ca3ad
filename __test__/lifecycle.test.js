/** What an application does with its promise client, and what its store then does. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { inspect } = require('node:util')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { KINDS } = require('./support/clients')
const { outcome } = require('./support/outcome')
const { connections, disconnected, useServer } = require('./support/redis')

const server = useServer()

const open = (kind, options) =>
  KINDS[kind].open({ host: '127.0.0.1', port: server.port, ...options })

/** A client that nobody opened. */
const unopened = {
  'redis 4.7': () => require('redis4').createClient({ url: server.url }),
  'redis 5.12': () => require('redis5').createClient({ url: server.url }),
  'redis 6': () => require('redis6').createClient({ url: server.url }),
  'ioredis 4': () => new (require('ioredis4'))(server.url, { lazyConnect: true }),
  'ioredis 5': () => new (require('ioredis5'))(server.url, { lazyConnect: true }),
  'ioredis 6': () => new (require('ioredis6'))(server.url, { lazyConnect: true }),
  iovalkey: () => new (require('iovalkey'))(server.url, { lazyConnect: true })
}

/** The ways in which an application closes each kind of client. */
const WAYS = {
  'redis 4.7': ['quit', 'disconnect'],
  'redis 4.7 legacyMode': ['disconnect'],
  'redis 5.12': ['quit', 'close', 'destroy', 'disconnect'],
  'redis 5.12 with command options': ['quit', 'close', 'destroy'],
  'redis 6': ['quit', 'close', 'destroy'],
  'ioredis 4': ['quit', 'disconnect'],
  'ioredis 5': ['quit', 'disconnect'],
  'ioredis 6': ['quit', 'disconnect'],
  iovalkey: ['quit', 'disconnect'],
  'valkey-glide': ['close']
}

const CLOSED = [false, undefined, false, false]

const calls = (store) =>
  Promise.all([
    store.saveIds('i', 1, 'x'),
    store.getExtId('i', 1),
    store.deleteIds('i', 1, 'x'),
    store.deleteAllIds('i')
  ])

for (const [kind, ways] of Object.entries(WAYS)) {
  describe(kind, () => {
    for (const way of ways) {
      test(`${way}() by the application ends the store`, async () => {
        const client = await open(kind)
        const store = createKeyStore(client)
        assert.equal(await store.saveIds('i', 1, 'x'), true)
        const early = store.getExtId('i', 1)
        const closing = client[way]()
        assert.deepEqual(await calls(store), CLOSED)
        assert.equal(await early, 'x', 'calls already made complete')
        await closing
        assert.deepEqual(await calls(store), CLOSED)
        await disconnected(server.command)
      })

      test(`${way}() by the application ends the connection at once`, async () => {
        const client = await open(kind)
        const store = createKeyStore(client)
        assert.equal(await store.saveIds('i', 1, 'x'), true)
        const closing = client[way]()
        await disconnected(server.command)
        await closing
        assert.deepEqual(await calls(store), CLOSED)
      })
    }

    test('the client cannot be told from one without a store', async () => {
      const [client, other] = [await open(kind), await open(kind)]
      const look = (one) => ({
        keys: Object.keys(one),
        events: one.eventNames?.().map((name) => [name, one.listenerCount(name)]),
        names: inspect(one, { depth: 0 }).match(/^ {2}\w+:/gm)
      })
      const store = createKeyStore(client)
      await store.saveIds('i', 1, 'x')
      assert.deepEqual(look(client), look(other))
      await Promise.all([store.quit(), other[ways.at(-1)]()])
    })
  })
}

for (const [kind, create] of Object.entries(unopened)) {
  describe(`${kind}, opened and closed in turn`, () => {
    test('serves before it is opened, and again when it is opened again', async () => {
      const client = create()
      client.on('error', () => {})
      const store = createKeyStore(client)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      for (let turn = 0; turn < 3; turn++) {
        await client.connect()
        assert.equal(await store.getExtId('i', 1), 'x')
        const ended = once(client, 'end')
        await client.quit()
        await ended
        assert.equal(await store.getExtId('i', 1), undefined)
      }
      await disconnected(server.command)
    })

    test('closed between two calls of the store', async () => {
      const client = create()
      const store = createKeyStore(client)
      await client.connect()
      const ended = once(client, 'end')
      await client.quit()
      await ended
      assert.deepEqual(await calls(store), CLOSED)
    })

    test('quit gives what the client gives, once more the same, and nothing where that refuses', async () => {
      const client = create()
      const store = createKeyStore(client)
      await client.connect()
      const saved = store.saveIds('i', 1, 'x')
      const ended = once(client, 'end')
      assert.deepEqual(await Promise.all([store.quit(), store.quit()]), ['OK', 'OK'])
      assert.equal(await saved, true)
      await ended
      assert.deepEqual(await calls(store), CLOSED)
      assert.equal(await store.quit(), 'OK')
      const other = createKeyStore(client, { connectTimeout: 4_999 })
      assert.equal(await other.quit(), undefined)

      const fresh = create()
      const early = createKeyStore(fresh)
      const own = await outcome(() => create().quit())
      assert.equal(await early.quit(), own === 'OK' ? 'OK' : undefined)
      assert.deepEqual(await calls(early), CLOSED)
    })

    test('quit once more when the client was opened again', async () => {
      const client = create()
      // Redis 5 and 6 lose their events when their last listener is removed.
      client.on('error', () => {})
      const store = createKeyStore(client)
      for (let turn = 0; turn < 2; turn++) {
        await client.connect()
        assert.equal(await store.saveIds('i', 1, 'x'), true)
        const ended = once(client, 'end')
        assert.equal(await store.quit(), 'OK')
        await ended
      }
    })
  })
}

test('redis 4.7 in legacyMode: quit closes the client, and gives nothing as its own does', async () => {
  const client = await open('redis 4.7 legacyMode')
  const store = createKeyStore(client)
  assert.equal(await store.quit(), undefined)
  assert.equal(client.isOpen, false)
  assert.equal(await store.quit(), undefined)
})

test('valkey-glide: quit closes the client', async () => {
  const client = await open('valkey-glide')
  const store = createKeyStore(client)
  assert.equal(await store.quit(), undefined)
  await assert.rejects(client.get('x'), { name: 'ClosingError' })
})

for (const kind of ['ioredis 4', 'ioredis 5', 'ioredis 6', 'iovalkey']) {
  test(`${kind}: disconnected twice and opened again`, async () => {
    const client = await open(kind)
    const store = createKeyStore(client)
    const ended = once(client, 'end')
    client.disconnect()
    await ended
    client.disconnect()
    assert.equal(await store.saveIds('i', 1, 'x'), false)
    await client.connect()
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    await store.quit()
    assert.equal(await store.saveIds('i', 1, 'x'), false)
  })
}

describe('the database chosen by select', () => {
  /** Saves pair `id` and tells in which of the databases it is. */
  const databaseOf = async (store, id) => {
    assert.equal(await store.saveIds('i', id, 'x'), true)
    const found = []
    for (let db = 0; db < 9; db++) {
      await server.command('select', db)
      if ((await server.command('exists', `i:b:${id}`)) === 1) found.push(db)
    }
    await server.command('select', 0)
    return found.join()
  }

  for (const kind of ['redis 5.12', 'redis 6', 'ioredis 4', 'ioredis 5', 'ioredis 6', 'iovalkey']) {
    test(`${kind}: before the store, later, and in a transaction`, async () => {
      await server.command('flushall')
      const client = await open(kind, { db: 2 })
      await client.select(3)
      const store = createKeyStore(client)
      assert.equal(await databaseOf(store, 1), '3')
      await client.select(4)
      assert.equal(await databaseOf(store, 2), '4')
      await client.multi().select(5).exec()
      assert.equal(await databaseOf(store, 3), '5')
      await store.quit()
    })
  }

  for (const kind of ['redis 4.7', 'valkey-glide']) {
    test(`${kind}: before the first call`, async () => {
      await server.command('flushall')
      const client = await open(kind, { db: 2 })
      const store = createKeyStore(client)
      await client.select(3)
      const [first, second] = [createKeyStore(client, { responseTimeout: 9_000 }), store]
      assert.equal(await databaseOf(first, 1), '3')
      assert.equal(await databaseOf(second, 2), '3')
      await store.quit()
      assert.equal(await first.getExtId('i', 1), undefined)
      await disconnected(server.command)
    })
  }
})

for (const kind of ['redis 5.12', 'redis 6', 'ioredis 5', 'valkey-glide']) {
  test(`${kind}: two stores of one client share a connection`, async () => {
    const client = await open(kind)
    const stores = [createKeyStore(client), createKeyStore(client, { keyPrefix: 'p:' })]
    await Promise.all(stores.map((store) => store.saveIds('i', 1, 'x')))
    assert.equal((await connections(server.command)).length, 1)
    await stores[0].quit()
    assert.equal(await stores[1].getExtId('i', 1), undefined)
    await disconnected(server.command)
  })
}

test('redis 5.12: a client with command options shares the connection of its own', async () => {
  const client = await open('redis 5.12')
  const stores = [createKeyStore(client), createKeyStore(client.withCommandOptions({}))]
  await Promise.all(stores.map((store) => store.saveIds('i', 1, 'x')))
  assert.equal((await connections(server.command)).length, 1)
  await stores[1].quit()
  await disconnected(server.command)
})

test('redis 4.7 in subscriber mode, where it cannot be asked', async () => {
  const client = await open('redis 4.7')
  await client.subscribe('channel', () => {})
  const store = createKeyStore(client)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getExtId('i', 1), 'x')
  await client.unsubscribe('channel')
  await store.quit()
})

describe('a client made to fail at once when offline', () => {
  const nowhere = { host: '127.0.0.1', port: 1 }
  const clients = {
    'redis 5.12': () =>
      require('redis5').createClient({ disableOfflineQueue: true, socket: nowhere }),
    'ioredis 5': () =>
      new (require('ioredis5'))({ ...nowhere, enableOfflineQueue: false, lazyConnect: true })
  }
  for (const [kind, create] of Object.entries(clients)) {
    test(kind, async () => {
      const store = createKeyStore(create(), { strict: true })
      await assert.rejects(store.saveIds('i', 1, 'x'), { code: 'UNREACHABLE' })
    })
  }
})
