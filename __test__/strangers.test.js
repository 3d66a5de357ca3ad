/** Objects with the names of Redis' commands and arguments or answers of their own. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const createKeyStore = require('..')
const { startFakeUpstash } = require('./support/fake-upstash')
const { contents, useServer } = require('./support/redis')

const server = useServer()

process.env.UPSTASH_DISABLE_TELEMETRY = '1'

/** Ids that are JSON, or nearly. */
const DELICATE = ['1e3', '007', 'null', '{}', '"x"', 'true', '12345678901234567890', '1.0', '[1]']

const isRefused = (object, what) =>
  assert.throws(
    () => createKeyStore(object),
    (error) => {
      assert.ok(error instanceof TypeError)
      assert.match(error.message, /; pass a client of redis/)
      assert.match(error.message, what)
      return true
    }
  )

test('clients over HTTP are refused, and nothing is written', async (t) => {
  await server.command('flushall')
  const { Redis } = require('@upstash/redis')
  const { createClient, kv } = require('@vercel/kv')
  const at = await startFakeUpstash(t, server.command)
  class Own extends Redis {
    quit() {}
  }
  const clients = [
    new Redis(at),
    new Redis({ ...at, automaticDeserialization: false }),
    new Redis({ ...at, enableAutoPipelining: false }),
    new Own(at),
    createClient(at)
  ]
  for (const client of clients) isRefused(client, /a client of Redis over HTTP/)
  // It throws when it is looked at, for want of its environment.
  isRefused(kv, /cannot be looked at: .*KV_REST_API_URL/)
  assert.equal(await clients[0].set('is', 'there'), 'OK')
  assert.deepEqual(Object.keys(await contents(server.command)), ['is'])
})

test('a client without a connection is refused, whatever its name', () => {
  const commands = ['get', 'set', 'del', 'keys', 'hget', 'incr', 'expire', 'mset']
  const client = Object.fromEntries(commands.map((name) => [name, async () => 'OK']))
  isRefused(client, /a client without a connection/)
  assert.equal(createKeyStore({ ...client, disconnect() {} }).native, false)
})

test('pipelines are refused: their commands wait', async () => {
  const { port } = server
  const redis3 = require('redis3').createClient(port)
  isRefused(redis3.multi(), /a pipeline/)
  redis3.end(true)
  for (const name of ['ioredis4', 'ioredis5', 'ioredis6']) {
    const client = new (require(name))({ port, lazyConnect: true })
    isRefused(client.pipeline(), /a pipeline/)
    client.disconnect()
  }
  for (const name of ['redis4', 'redis5', 'redis6']) {
    isRefused(require(name).createClient({ url: server.url }).multi(), /a pipeline/)
  }
})

test('caches are refused: they may forget', async () => {
  const { createCache } = require('cache-manager')
  const NodeCache = require('node-cache')
  isRefused(createCache(), /a cache, which may forget/)
  isRefused(new NodeCache(), /a cache, which may forget/)
  isRefused(new (require('keyv').Keyv)(), /is no client/)
  isRefused(new Map(), /is no client/)
})

/** What the application made of a client that decodes: with as few methods as it needs. */
const decoding = async (t, options) => {
  const { Redis } = require('@upstash/redis')
  const client = new Redis({ ...(await startFakeUpstash(t, server.command)), ...options })
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    del: (key) => client.del(key),
    keys: (pattern) => client.keys(pattern)
  }
}

test("an application's own object over a client that decodes: right or failed, never wrong", async (t) => {
  await server.command('flushall')
  const store = createKeyStore(await decoding(t))
  assert.equal(await store.saveIds('i', 'b', 'x-1'), true)
  assert.equal(await store.getExtId('i', 'b'), 'x-1')
  assert.equal(await store.getBotmaticId('i', 'x-1'), 'b')
  for (const id of DELICATE) {
    const isSaved = await store.saveIds('i', 'c', id)
    const found = await store.getExtId('i', 'c')
    assert.equal(found, isSaved ? id : null)
    assert.equal(await server.command('get', 'i:b:c'), found)
  }
  // Written by another process: whether it was "7" or "7.0" cannot be told any more.
  await server.command('set', 'i:b:other', '7')
  assert.equal(await store.getExtId('i', 'other'), undefined)
  const names = Object.keys(await contents(server.command))
  assert.deepEqual(
    names.filter((name) => !/^i:[be]:/.test(name)),
    []
  )
})

test("an application's own object over one that does not decode", async (t) => {
  await server.command('flushall')
  const store = createKeyStore(await decoding(t, { automaticDeserialization: false }))
  for (const id of DELICATE) {
    assert.equal(await store.saveIds('i', id, id), true)
    assert.equal(await store.getExtId('i', id), id)
    assert.equal(await store.getBotmaticId('i', id), id)
  }
  await server.command('set', 'null', 'kept')
  await server.command('set', 'j:b:1', 'kept')
  assert.equal(await store.deleteIds('i', '007', '007'), true)
  assert.equal(await store.deleteIds('i', '007', '007'), false)
  assert.equal(await store.deleteAllIds('i'), true)
  assert.deepEqual(Object.keys(await contents(server.command)).sort(), ['j:b:1', 'null'])
})

/** Objects of the application over a Map, each answering in another way. */
const OBJECTS = {
  'at once': (map) => ({
    get: (key) => map.get(key),
    set: (key, value) => map.set(key, value),
    del: (key) => map.delete(key),
    keys: () => map.keys()
  }),
  'at once, by a class': (map) =>
    new (class Cache {
      get(key) {
        return map.get(key)
      }
      set(key, value, ttl = 0) {
        map.set(key, value)
        return ttl
      }
      del(key) {
        map.delete(key)
      }
      keys() {
        return [...map.keys()]
      }
    })(),
  'by promise, without saying what it deleted': (map) => ({
    get: async (key) => map.get(key),
    set: async (key, value, options) => void map.set(key, options ? `${options}` : value),
    del: async (key) => void map.delete(key),
    keys: async () => [...map.keys()]
  }),
  'by promise, and always true': (map) => ({
    get: async (key) => map.get(key) ?? null,
    set: async (key, value) => Boolean(map.set(key, value)),
    del: async (key) => [map.delete(key)].length === 1,
    keys: async () => [...map.keys()]
  }),
  'by promise, with a default that it takes': (map) => ({
    get: async (key, byDefault) => map.get(key) ?? byDefault,
    set: async (key, value) => map.set(key, value),
    del: async (key) => map.delete(key),
    keys: async () => new Set(map.keys())
  }),
  'by a callback that stands behind the rest': (map) => ({
    get: (key, ...rest) => setImmediate(rest.pop(), null, map.get(key)),
    set: (key, ...rest) => setImmediate(rest.pop(), null, map.set(key, rest[0]) && 'OK'),
    del: (key, ...rest) => setImmediate(rest.pop(), null, Number(map.delete(key))),
    keys: (_, ...rest) => setImmediate(rest.pop(), null, [...map.keys()])
  })
}

for (const [name, create] of Object.entries(OBJECTS)) {
  test(`an object that answers ${name}: gives the answers of a store`, async () => {
    const map = new Map([
      ['null', 'kept'],
      ['j:b:1', 'kept']
    ])
    const store = createKeyStore(create(map), { strict: true })
    for (const id of [1, ...DELICATE]) {
      assert.equal(await store.saveIds('i', id, id), true)
      assert.equal(await store.getExtId('i', id), String(id))
    }
    assert.equal(await store.getExtId('i', 'unknown'), null)
    assert.equal(await store.deleteIds('i', 1, 1), true)
    assert.equal(await store.deleteIds('i', 1, 1), false)
    assert.equal(await store.deleteAllIds('i'), true)
    assert.deepEqual([...map.keys()], ['null', 'j:b:1'])
  })
}

test('nothing is written before a lookup has told how the object answers', async () => {
  const done = []
  const object = {
    get: async (key) => void done.push(`get ${key}`),
    set: async (...given) => void done.push(`set ${given.length}`),
    del: async () => {}
  }
  const store = createKeyStore(object)
  assert.equal(await store.saveIds('i', 'b', 'x'), true)
  assert.deepEqual(done, ['get i:b:b', 'set 2', 'set 2'])
})

test('what cannot be served right fails, and says so', async () => {
  const failures = {
    'gave false': { get: async () => null, set: async () => false },
    'gave a number': { get: async () => 7, set: async () => 'OK' },
    'gave an object': { get: async () => ({}), set: async () => 'OK' },
    'another text than was set': { get: async () => 'other', set: async () => 'OK' },
    'gave back the callback': { get: (_key, callback) => callback, set: () => {} }
  }
  for (const [reason, commands] of Object.entries(failures)) {
    const errors = []
    const onError = (error) => errors.push(error)
    const store = createKeyStore(
      { ...commands, del: async () => 0 },
      { onError, writeTimeout: 5_000 }
    )
    assert.equal(await store.saveIds('i', 'b', 'null'), false)
    assert.equal(errors[0].code, 'REPLY')
    assert.match(errors[0].message, new RegExp(`${reason}|another text`))
    assert.match(errors[0].message, /pass a client of redis or ioredis, or the URL/)
  }
  const store = createKeyStore(
    { get: async () => null, set: async () => {}, del: async () => 0 },
    { strict: true }
  )
  await assert.rejects(store.deleteAllIds('i'), { code: 'REPLY', message: /has no "keys"/ })
})

test('a save that learns only after its deadline how the object answers writes nothing', async () => {
  const written = []
  let answer
  const object = {
    get: (_key, callback) => (answer = callback),
    set: (key, _value, callback) => callback(null, written.push(key)),
    del: (_key, callback) => callback(null, 0)
  }
  const store = createKeyStore(object, { writeTimeout: 50 })
  assert.equal(await store.saveIds('i', 'b', 'x'), false)
  answer(null, null)
  await new Promise(setImmediate)
  assert.deepEqual(written, [])
})
