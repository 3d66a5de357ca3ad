/** Numbers as clients take them, and the database that a client really is in. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { promisify } = require('node:util')
const { channel } = require('node:diagnostics_channel')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { wholeNumber } = require('../lib/settings/check')
const { KINDS } = require('./support/clients')
const { useServer } = require('./support/redis')

const server = useServer()

const local = (options) => ({ host: '127.0.0.1', port: server.port, ...options })

const NODE_REDIS = ['redis 4.7', 'redis 5.12', 'redis 6']
const IOREDIS = ['ioredis 4', 'ioredis 5', 'ioredis 6', 'iovalkey']

let saved = 0

/** Fails unless the store saves where the client reads; `what` tells after what. */
const together = async (kind, client, store, what) => {
  const extId = `x${++saved}`
  assert.equal(await store.saveIds('i', 1, extId), true)
  assert.equal(await KINDS[kind].get(client, 'i:b:1'), extId, what)
}

test('a whole number is itself or its text as Redis reads it', () => {
  for (const [value, number] of [
    [0, 0],
    ['0', 0],
    ['16', 16],
    [3n, 3],
    [['3'], 3]
  ]) {
    assert.equal(wholeNumber(value), number)
  }
  for (const value of [undefined, null, '', ' 3', '03', '3x', '-1', -1, 1.5, NaN, Infinity, true]) {
    assert.equal(wholeNumber(value), undefined, String(value))
  }
})

describe('numbers as text in the options', () => {
  for (const kind of ['redis 2.8', 'redis 3.1', ...NODE_REDIS, ...IOREDIS, 'valkey-glide']) {
    test(kind, async () => {
      const client = await KINDS[kind].open(local({ port: String(server.port), db: '3' }))
      const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
      await together(kind, client, store, 'made')
      await server.command('select', 3)
      assert.equal(await server.command('get', 'i:b:1'), `x${saved}`)
      await server.command('select', 0)
      await store.quit()
    })
  }
  test('an address', async () => {
    const store = createKeyStore(local({ port: ` ${server.port}`, db: '3' }), { strict: true })
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    await store.quit()
  })
})

test("redis 3: a connect_timeout that is no whole number of its store's", () => {
  const { settings } = require('../lib/clients/redis-2-3')
  for (const [given, timeout] of [
    ['300', 300],
    [0.5, 1],
    ['x', 3_600_000]
  ]) {
    const client = require('redis3').createClient({ connect_timeout: given })
    client.on('error', () => {})
    assert.equal(settings(client).writeTimeout, timeout)
    client.end(false)
  }
})

describe('what is no number is refused by the name of its option', () => {
  const lazy = { lazyConnect: true }
  const rootNodes = [{ url: 'redis://a:1' }]
  const mapOf = (port) => ({ 'b:1': { host: 'c', port } })
  const node = (name, options) => require(name).createClient(options)
  const glide = (config) => ({
    config: { addresses: [{ host: 'a' }], ...config },
    customCommand: () => {}
  })
  const Redis = require('ioredis5')
  const cases = {
    database: [
      () => node('redis4', { database: 'x' }),
      () => node('redis5', { database: '3x' }),
      () => node('redis6', { database: 1.5 }),
      () => node('redis5', { database: -1 })
    ],
    databaseId: [() => glide({ databaseId: 'x' })],
    'addresses.port': [() => glide({ addresses: [{ host: 'a', port: 'x' }] })],
    'socket.port': [
      () => node('redis4', { socket: { port: 'x' } }),
      () => node('redis5', { socket: { port: 65_536 } }),
      () => node('redis6', { socket: { port: 0 } })
    ],
    port: [() => new Redis({ ...lazy, port: 'x' }), () => new Redis({ ...lazy, port: 1.5 })],
    'rootNodes.socket.port': [
      () => require('redis5').createCluster({ rootNodes: [{ socket: { host: 'a', port: 'x' } }] })
    ],
    'startupNodes.port': [() => new Redis.Cluster([{ host: 'a', port: 65_536 }], lazy)],
    'sentinels.port': [
      () => new Redis({ ...lazy, name: 'm', sentinels: [{ host: 'a', port: 'x' }] })
    ],
    'sentinelRootNodes.port': [
      () =>
        require('redis6').createSentinel({
          name: 'm',
          sentinelRootNodes: [{ host: 'a', port: 'x' }]
        })
    ],
    'natMap["b:1"].port': [
      () => new Redis.Cluster([1], { ...lazy, natMap: mapOf('x') }),
      () => new Redis({ ...lazy, name: 'm', sentinels: [{ host: 'a' }], natMap: mapOf(0) })
    ],
    'nodeAddressMap["b:1"].port': [
      () => require('redis4').createCluster({ rootNodes, nodeAddressMap: mapOf('x') })
    ],
    family: [
      () => node('redis5', { socket: { family: 7 } }),
      () => new Redis({ ...lazy, family: 'x' })
    ]
  }
  for (const [name, clients] of Object.entries(cases)) {
    test(name, () => {
      for (const create of clients) {
        const client = create()
        const isOurs = (error) =>
          error.constructor === TypeError &&
          error.message.startsWith(`js-redis-key-store: the client's option "${name}" must be `)
        assert.throws(() => createKeyStore(client), isOurs)
        if (client.status) client.disconnect()
      }
    })
  }
})

/** What leads a client of `select` and `multi` elsewhere, or seems to. */
const steps = (client) => [
  ['2', () => client.select(2)],
  ['out of range', () => client.select(99)],
  ['no number', () => client.select('x')],
  ['as text', () => client.select('3')],
  ['in a transaction', () => client.multi().select(4).exec()],
  ['out of range, in a transaction', () => client.multi().select(99).exec()],
  ['and again', () => client.select(98)],
  ['back', () => client.select(0)]
]

/** Those of redis 2 and 3, by promise. */
const callbackSteps = (client) => {
  const select = promisify(client.select).bind(client)
  const multi = (db) => {
    const commands = client.multi().select(db)
    return promisify(commands.exec).call(commands)
  }
  return steps({ select, multi: () => ({ select: (db) => ({ exec: () => multi(db) }) }) })
}

describe('a select that is refused leaves the store with its client', () => {
  for (const kind of ['redis 2.8', 'redis 3.1', 'redis 5.12', 'redis 6', ...IOREDIS]) {
    test(`${kind}: one after the other`, async () => {
      const client = await KINDS[kind].open(local({ db: 1 }))
      const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
      await together(kind, client, store, 'made')
      const all = /^redis [23]/.test(kind) ? callbackSteps(client) : steps(client)
      for (const [name, step] of all) {
        await step().catch(() => {})
        await together(kind, client, store, name)
      }
      await store.quit()
    })
  }

  for (const kind of ['redis 2.8', 'redis 3.1', ...IOREDIS]) {
    test(`${kind}: while they are under way`, async () => {
      const client = await KINDS[kind].open(local({ db: 1 }))
      const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
      const refused = []
      const select = (db) => refused.push(client.select(db, () => {})?.catch?.(() => {}))
      select(99)
      await together(kind, client, store, '99')
      select(2)
      select(99)
      await together(kind, client, store, '2 and 99')
      select(3)
      select('x')
      await together(kind, client, store, '3 and x')
      await Promise.all(refused)
      await together(kind, client, store, 'all')
      await store.quit()
    })
  }

  for (const kind of IOREDIS) {
    test(`${kind}: in a pipeline, and through reconnects`, async () => {
      const client = await KINDS[kind].open(local({ db: 1 }))
      // It selects anew by itself, and does not look whether that is refused.
      const { select } = client
      client.select = (db) => {
        const selected = select.call(client, db)
        selected.catch(() => {})
        return selected
      }
      const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
      await client.pipeline().select(5).select(99).get('key').exec()
      await together(kind, client, store, 'pipeline')
      const reconnect = () => {
        client.disconnect(true)
        return once(client, 'ready')
      }
      await reconnect()
      await together(kind, client, store, 'refused and reconnected')
      await client.select(7)
      await reconnect()
      await together(kind, client, store, 'reconnected')
      client.disconnect(true)
      await together(kind, client, store, 'while it reconnects')
      client.select(8)
      client.disconnect(true)
      await together(kind, client, store, 'selected and lost')
      await store.quit()
    })

    test(`${kind}: the first of all, sent before the store was made`, async () => {
      const client = await KINDS[kind].open(local({ db: 1 }))
      const refused = client.select(99).catch(() => {})
      const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
      await together(kind, client, store, 'sent')
      await refused
      await together(kind, client, store, 'refused')
      await store.quit()
    })
  }
})

describe('a client that is opened again', () => {
  for (const kind of ['redis 5.12', 'redis 6']) {
    const reopened = async (change) => {
      const errors = []
      const client = await KINDS[kind].open(local())
      client.on('error', (error) => errors.push(error.message))
      const store = createKeyStore(client)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      await change(client)
      await client.close()
      await client.connect()
      assert.equal(await client.ping(), 'PONG')
      assert.deepEqual(errors, [])
      return { client, store }
    }

    test(`${kind}: in a database given as text`, async () => {
      const { client, store } = await reopened((own) => own.select('4'))
      await together(kind, client, store, 'opened again')
      await store.quit()
    })

    test(`${kind}: hears nothing of what the store cannot read of it`, async () => {
      const { client } = await reopened((own) => {
        own.options.keyPrefix = {
          toString() {
            throw new Error('no text')
          }
        }
      })
      client.destroy()
    })
  }
})

for (const kind of ['redis 5.12', 'redis 6']) {
  test(`${kind}: a subscriber of its commands that calls the store`, async (t) => {
    const client = await KINDS[kind].open(local())
    const store = createKeyStore(client)
    const found = []
    const trace = channel('tracing:node-redis:command:start')
    const lookUp = () => void found.push(store.getExtId('traced', 1))
    trace.subscribe(lookUp)
    t.after(() => trace.unsubscribe(lookUp))
    assert.equal(await store.saveIds('traced', 1, 'x'), true)
    await client.select(6)
    await together(kind, client, store, 'traced')
    assert.ok(found.length > 0 && found.length < 20, `${found.length} commands`)
    await Promise.all(found)
    trace.unsubscribe(lookUp)
    await store.quit()
  })
}
