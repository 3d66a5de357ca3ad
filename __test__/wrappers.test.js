/** Promise wrappers, proxies and subclasses of clients. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { promisify } = require('node:util')
const createKeyStore = require('..')
const { contents, useServer } = require('./support/redis')

const server = useServer()

const redis3 = (options) => require('redis3').createClient({ port: server.port, ...options })

const promisified = (client, names) =>
  Object.fromEntries(names.map((name) => [name, promisify(client[name]).bind(client)]))

const COMMANDS = ['get', 'set', 'del', 'keys', 'quit']

/** Each gives the object, what is native of it, and how it is closed where its `quit` is not passed on. */
const WRAPPERS = {
  'async-redis': () => [require('async-redis').createClient({ port: server.port }), true],
  'async-redis around a client': () => [require('async-redis').decorate(redis3()), true],
  'handy-redis': () => [require('handy-redis').createNodeRedisClient({ port: server.port }), true],
  'handy-redis around a client with a prefix': () => [
    require('handy-redis').createNodeRedisClient(redis3({ prefix: 'p:' })),
    true
  ],
  'promise-redis': () => [require('promise-redis')().createClient({ port: server.port }), true],
  tedis: () => [new (require('tedis').Tedis)({ host: '127.0.0.1', port: server.port }), false],
  'util.promisify of each command': () => [promisified(redis3(), COMMANDS), false],
  'a client whose methods were promisified in place': () => {
    const client = redis3()
    return [Object.assign(client, promisified(client, COMMANDS)), true]
  },
  'bluebird around the commands': () => {
    const { promisify: bluebird } = require('bluebird')
    const client = redis3()
    const all = COMMANDS.map((name) => [name, bluebird(client[name], { context: client })])
    return [Object.fromEntries(all), false]
  },
  'a proxy of redis 3': () => [new Proxy(redis3(), {}), true],
  'a proxy of redis 3 that promisifies': () => {
    const get = (client, name) => {
      const value = client[name]
      return COMMANDS.includes(name) ? promisify(value).bind(client) : value
    }
    return [new Proxy(redis3(), { get }), true]
  },
  'a proxy of ioredis that binds': () => {
    const Redis = require('ioredis5')
    const get = (client, name) =>
      typeof client[name] === 'function' ? client[name].bind(client) : client[name]
    return [new Proxy(new Redis({ port: server.port }), { get }), true]
  },
  'a subclass of ioredis': () => {
    class Own extends require('ioredis5') {
      get(...args) {
        return super.get(...args)
      }
    }
    return [new Own({ port: server.port }), true]
  }
}

for (const [name, create] of Object.entries(WRAPPERS)) {
  test(`${name}: served, and closed with the store`, { timeout: 20_000 }, async () => {
    await server.command('flushall')
    const [wrapper, isNative] = create()
    const prefix = name.includes('prefix') ? 'p:' : ''
    const store = createKeyStore(wrapper, { strict: true })
    assert.equal(store.native, isNative)
    assert.equal(await store.saveIds('i', '1e3', 'x'), true)
    assert.equal(await store.saveIds('i', 2, 'null'), true)
    assert.deepEqual(Object.keys(await contents(server.command)).sort(), [
      `${prefix}i:b:1e3`,
      `${prefix}i:b:2`,
      `${prefix}i:e:null`,
      `${prefix}i:e:x`
    ])
    assert.equal(await store.getBotmaticId('i', 'x'), '1e3')
    assert.equal(await store.getExtId('i', 2), 'null')
    assert.equal(await store.getExtId('i', 3), null)
    assert.equal(await store.deleteIds('i', '1e3', 'x'), true)
    assert.equal(await store.deleteIds('i', '1e3', 'x'), false)
    assert.equal(await store.deleteAllIds('i'), true)
    assert.deepEqual(await contents(server.command), {})
    await store.quit()
    await assert.rejects(store.getExtId('i', 2), { code: 'CLOSED' })
  })
}

test('a wrapper around a mock is served by its own commands', async () => {
  const mock = require('redis-mock').createClient()
  const store = createKeyStore(require('handy-redis').createNodeRedisClient(mock), { strict: true })
  assert.equal(store.native, false)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal(await store.getExtId('i', 1), null)
})

test("an application's object that keeps a client may do more with a key: its own methods are used", async () => {
  await server.command('flushall')
  const client = new (require('ioredis5'))({ port: server.port })
  const object = {
    client,
    get: (key) => client.get(`cache:${key}`),
    set: (key, value) => client.set(`cache:${key}`, value),
    del: (key) => client.del(`cache:${key}`)
  }
  const store = createKeyStore(object)
  assert.equal(store.native, false)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await object.get('i:b:1'), 'x')
  client.disconnect()
})
