/** What the factory takes and refuses, and that nothing happens before the first call. */

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { connections, useServer } = require('./support/redis')

const server = useServer()

const URL = 'redis://127.0.0.1'

const refuses = (arguments_, message) =>
  assert.throws(
    () => createKeyStore(...arguments_),
    (error) => {
      assert.equal(error.constructor, TypeError)
      assert.match(error.message, /^js-redis-key-store: /)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /secret/)
      return true
    }
  )

test('the store has the shape of the original', () => {
  const createOriginal = require('@botmatic/js-redis-key-store')
  const shape = (store) => Object.entries(store).map(([name, { length }]) => [name, length])
  const store = createKeyStore(URL)
  assert.deepEqual(shape(store), shape(createOriginal({})))
  assert.equal(createKeyStore.length, createOriginal.length)
  assert.equal(Object.getPrototypeOf(store), Object.prototype)
})

const { RedisKeyStore } = createKeyStore
const stub = () => ({ get() {}, set() {}, del() {} })

for (const [name, create] of Object.entries({
  'the factory': createKeyStore,
  'the class': (client) => new RedisKeyStore(client),
  'a class derived from it': (client) => new (class extends RedisKeyStore {})(client)
})) {
  test(`the methods of ${name} work detached`, async () => {
    const store = create(server.url)
    const { saveIds, getBotmaticId, getExtId, deleteIds, deleteAllIds, quit, stats } = store
    const answers = [
      await saveIds('i', 1, 'x'),
      await getBotmaticId('i', 'x'),
      await getExtId('i', 1),
      await deleteIds('i', 1, 'x'),
      await deleteAllIds('i'),
      stats().calls,
      await quit()
    ]
    assert.deepEqual(answers, [true, '1', 'x', true, true, 5, true])
    // As members of something else, too.
    const other = { __proto__: store, call: getExtId }
    assert.equal(await other.getExtId('i', 1), undefined)
    assert.equal(await other.call('i', 1), undefined)
    assert.equal(create(stub()).native, false)
  })
}

test('a class derived from it may replace methods', async () => {
  class Own extends RedisKeyStore {
    async getExtId(integrationId, botmaticId) {
      return `own ${await super.getExtId(integrationId, botmaticId)}`
    }
  }
  const store = new Own(server.url)
  const { saveIds, getExtId } = store
  await saveIds('i', 1, 'x')
  assert.equal(await getExtId('i', 1), 'own x')
  assert.deepEqual(Object.keys(store), [])
  await store.quit()
})

test('the class does what the factory does', async () => {
  const store = new createKeyStore.RedisKeyStore(server.url, { keyPrefix: 'class:' })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getBotmaticId('i', 'x'), '1')
  assert.equal(await server.command('get', 'class:i:b:1'), 'x')
  assert.equal(await store.deleteIds('i', 1, 'x'), true)
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal(await store.quit(), true)
  refuses([], /is no client/)
})

test('numbers may be text', async () => {
  const timeouts = { readTimeout: '500', writeTimeout: '500', connectTimeout: '500' }
  const options = { ...timeouts, responseTimeout: '500', maxPending: '1' }
  const store = createKeyStore({ host: '127.0.0.1', port: String(server.port), db: '1' }, options)
  const calls = [store.getExtId('i', 'none'), store.getExtId('i', 'none')]
  assert.deepEqual(await Promise.all(calls), [null, undefined])
  assert.deepEqual(store.stats().failures, { BUSY: 1 })
  await store.quit()
})

test('nothing connects before the first call', async () => {
  const stores = [createKeyStore(server.url), createKeyStore({ port: server.port })]
  assert.equal((await connections(server.command)).length, 0)
  await Promise.all(stores.map((store) => store.quit()))
})

describe('no client at all', () => {
  const things = [
    undefined,
    null,
    {},
    [],
    6379,
    true,
    new Map(),
    new EventEmitter(),
    () => {},
    Symbol('s')
  ]
  for (const thing of things) {
    test(Object.prototype.toString.call(thing), () => {
      refuses([thing], /is no client; pass a client of redis, .* a URL .* or \{url\}/)
    })
  }
})

describe('what is nearly a client or an address is named', () => {
  const { runInNewContext } = require('node:vm')
  const things = {
    'a promise': [Promise.resolve(stub()), /a promise is no client: await it first; pass a client/],
    'a stub that lacks a command': [{ get() {}, set() {} }, /an object without del is no client/],
    'a stub that lacks two': [{ get() {} }, /an object without set and del is no client/],
    'a package': [
      require('redis5'),
      /a package is no client: pass what its createClient\(\) gives/
    ],
    'an empty object': [{}, /an empty object is no client/],
    'a misspelt option': [{ hots: 'secret' }, /unknown option "hots"; known are url, host, port/],
    'one beside a place': [{ port: 1, pasword: 'secret' }, /unknown option "pasword"; known are/],
    'one of another realm': [runInNewContext('({ prot: 1 })'), /unknown option "prot"; known are/],
    'options of the store': [{ strict: true }, /unknown option "strict"; known are url, host/],
    'an address without host': [
      { username: 'u', password: 'secret' },
      /the address names no server, only username, password; add one of url, .* host, port/
    ],
    'a wrong option without host': [{ password: 7 }, /"password" must be a string, not a number/],
    'a URL without host': ['redis://:6379', /the URL names no host/],
    'one with a password': ['redis://u:secret@:6379/1', /the URL names no host/],
    'one with TLS': ['rediss://', /the URL names no host/]
  }
  for (const [name, [thing, message]] of Object.entries(things)) {
    test(name, () => refuses([thing], message))
  }
})

describe('options that are wrong', () => {
  const wrong = [
    ['strict', 'yes', /"strict" must be true or false, not a string/],
    ['onError', {}, /"onError" must be a function, not an object/],
    ['readTimeout', '10s', /"readTimeout" must be a whole number of milliseconds .* not a string/],
    ['readTimeout', 0, /"readTimeout" .* not the number 0/],
    ['writeTimeout', 1.5, /"writeTimeout" .* not the number 1\.5/],
    ['writeTimeout', 2 ** 31, /"writeTimeout" .* from 1 to 2147483647/],
    ['responseTimeout', NaN, /"responseTimeout" .* not the number NaN/],
    ['connectTimeout', null, /"connectTimeout" .* not null/],
    ['keyPrefix', 7, /"keyPrefix" must be a string/],
    ['maxPending', -1, /"maxPending" must be a whole number from 1/],
    ['timeout', 1, /unknown option "timeout"; known are strict, onError, readTimeout/]
  ]
  for (const [name, value, message] of wrong) {
    test(`${name}: ${String(value)}`, () => refuses([URL, { [name]: value }], message))
  }
  test('no object', () => {
    refuses([URL, 'strict'], /the options must be an object, not a string/)
    refuses([URL, null], /the options must be an object, not null/)
  })
  test('undefined is as good as absent', () => {
    createKeyStore(URL, { strict: undefined, readTimeout: undefined, keyPrefix: undefined })
    createKeyStore(URL, undefined)
  })
})

describe('addresses that are wrong', () => {
  const wrong = [
    ['http://:secret@h', /a URL of Redis is redis:\/\/.*for TLS/],
    ['', /the URL cannot be read/],
    ['secret', /the URL cannot be read/],
    ['redis://', /the URL names no host/],
    ['redis://h/one', /the database in the URL must be a whole number/],
    ['redis://h:99999', /the URL cannot be read/],
    ['redis://:%zz-secret@h', /the password in the URL is not percent-encoded well/],
    ['redis://h?timeout=1', /unknown parameter in the URL; known is db/],
    ['redis://u:12?secret@h', /write "\?" as %3F/],
    ['redis://u:12#secret@h', /a URL of Redis holds no "#"/],
    ['redis://h:0', /"port" must be a whole number from 1/],
    ['unix://host/path', /a unix URL is/],
    ['redis-sentinel://h', /names no master: add the parameter sentinelServiceName/],
    ['redis-sentinel://h?sentinelServiceName=', /names no master/],
    ['redis-sentinel://h?sentinelservicename=m', /known is db, node, sentinelServiceName, /],
    ['redis-cluster://h?sentinelServiceName=m', /unknown parameter in the URL; known is node/],
    ['redis-cluster://h?node=secret@h:1', /the parameter "node" of the URL must be host:port/],
    ['redis-cluster://h?node=h:99999', /"cluster.nodes\[1\].port" must be a whole number/],
    ['redis-cluster://', /the URL names no host/],
    ['redis-pool://h', /a URL of Redis is redis:/],
    [{ sentinel: 'h' }, /"sentinel" must be an object, not a string/],
    [{ sentinel: { name: 'm' } }, /"sentinel.nodes" is missing/],
    [{ sentinel: { nodes: [], name: 'm' } }, /"sentinel.nodes" is empty/],
    [
      { sentinel: { nodes: 'h', name: 'm' } },
      /"sentinel.nodes" must be an array of \{host, port\}/
    ],
    [{ sentinel: { nodes: ['h'] } }, /"sentinel.name" is missing/],
    [{ sentinel: { nodes: ['h'], name: 'm', role: 'secret' } }, /unknown option "sentinel.role"/],
    [{ sentinel: { nodes: ['h'], name: 'm' }, host: 'h' }, /"host" cannot stand beside "sentinel"/],
    [{ cluster: { nodes: ['h'] }, sentinel: {} }, /"cluster" cannot stand beside "sentinel"/],
    [{ cluster: { nodes: ['h'] }, url: URL }, /"cluster" cannot stand beside "url"/],
    [{ cluster: {} }, /"cluster.nodes" is missing/],
    [{ cluster: { nodes: [7000] } }, /"cluster.nodes\[0\]" must be \{host, port\} or "host:port"/],
    [{ cluster: { nodes: ['redis://h:1'] } }, /"cluster.nodes\[0\]" must be/],
    [{ cluster: { nodes: ['::1'] } }, /"cluster.nodes\[0\]" must be/],
    [{ cluster: { nodes: [{ port: 1 }] } }, /"cluster.nodes\[0\]" names no host/],
    [{ cluster: { nodes: [{ host: 'h', password: 'secret' }] } }, /"cluster.nodes\[0\].password"/],
    [{ cluster: { nodes: ['h'] }, natMap: { 'h:1': {} } }, /option "natMap" names no host/],
    [{ cluster: { nodes: ['h'] }, natMap: [] }, /"natMap" must be an object, not an array/],
    [{ host: 'h', natMap: {} }, /"natMap" needs "sentinel" or "cluster"/],
    [{ url: 'nope:secret' }, /a URL of Redis is redis:/],
    [{ url: URL, host: 'h' }, /"host" cannot stand beside "url"/],
    [{ host: 'h', port: '6379x' }, /"port" must be a whole number from 1 to 65535, not a string/],
    [{ host: 'h', port: 65_536 }, /"port" must be a whole number .* not the number 65536/],
    [{ host: '' }, /"host" is empty/],
    [{ host: 'h', db: -1 }, /"db" must be a whole number from 0/],
    [{ host: 'h', password: 7 }, /"password" must be a string, not a number$/],
    [{ host: 'h', db: '1.5' }, /"db" must be a whole number from 0, not a string/],
    [{ host: 'h', pass: 'secret' }, /unknown option "pass"; known are url, host/],
    [{ path: '/s', tls: true }, /"tls" cannot stand beside "path"/],
    [{ host: 'h', tls: 'yes' }, /"tls" must be true, false or an object/],
    [{ host: 'h', tls: { pfx: 'p' } }, /unknown option "tls.pfx"; known are tls.ca/],
    [{ host: 'h', tls: { ca: 'secret' } }, /tls\.ca holds no certificate/],
    [{ host: 'h', tls: { cert: 'secret' } }, /tls\.key is missing/],
    [{ host: 'h', tls: { servername: 'a b' } }, /tls\.servername "a b" is no host name/]
  ]
  for (const [address, message] of wrong) {
    const name = typeof address === 'string' ? address : JSON.stringify(address)
    test(name, () => refuses([address], message))
  }
})
