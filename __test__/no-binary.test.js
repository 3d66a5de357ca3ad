/** Without a native binary: clients are served through their own commands, addresses are not. */

process.env.JS_REDIS_KEY_STORE_BINARY = '/none.node'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { KINDS } = require('./support/clients')
const { useServer } = require('./support/redis')
const { assertServes, CLUSTER_CLIENTS, SENTINEL_CLIENTS } = require('./support/topology-clients')
const { useCluster, useSentinels } = require('./support/topologies')

const server = useServer()
const cluster = useCluster()
const group = useSentinels()

for (const [name, address] of [
  ['a URL', 'redis://h'],
  ['a URL in an object', { url: 'redis://h' }],
  ['a host', { host: 'h' }]
]) {
  test(`${name}: the factory throws what is missing`, () => {
    assert.throws(() => createKeyStore(address), {
      code: 'KEY_STORE_NO_BINARY',
      message: /no native binary .*\n.*none\.node/
    })
  })
}

test('what makes no sense is refused as ever', () => {
  assert.throws(() => createKeyStore('redis://h:0x'), TypeError)
  assert.throws(() => createKeyStore({}), TypeError)
  assert.throws(() => createKeyStore('redis://h', { strict: 1 }), TypeError)
})

test('clients: one warning for all', async () => {
  const warnings = []
  const hear = (warning) => warnings.push(warning)
  process.on('warning', hear)
  const stores = []
  for (const kind of ['redis 3.1', 'ioredis 5']) {
    const client = await KINDS[kind].open({ host: '127.0.0.1', port: server.port })
    stores.push(createKeyStore(client), createKeyStore(client))
  }
  assert.deepEqual(
    stores.map(({ native }) => native),
    [false, false, false, false]
  )
  await new Promise(setImmediate)
  process.off('warning', hear)
  const told = warnings.map(({ name, code }) => [name, code])
  assert.deepEqual(told, [['KeyStoreWarning', 'KEY_STORE_NO_BINARY']])
  assert.match(warnings[0].message, /none\.node/)
  await Promise.all([stores[0].quit(), stores[2].quit()])
})

describe('a client that is closed', () => {
  for (const [name, close] of [
    ['redis 3.1', (client) => client.end(true)],
    ['redis 5.12', (client) => client.destroy()],
    ['redis 6', (client) => client.close()],
    ['ioredis 5', (client) => client.disconnect()],
    ['valkey-glide', (client) => client.close()]
  ]) {
    test(name, async () => {
      const client = await KINDS[name].open({ host: '127.0.0.1', port: server.port })
      const store = createKeyStore(client, { readTimeout: 2_000, writeTimeout: 2_000 })
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      const ended = name === 'ioredis 5' && once(client, 'end')
      await close(client)
      await ended
      assert.equal(await store.getExtId('i', 1), undefined)
      assert.equal(await store.saveIds('i', 1, 'x'), false)
      assert.equal(await store.deleteAllIds('i'), false)
    })
  }
})

describe('clusters', () => {
  for (const [name, create] of Object.entries(CLUSTER_CLIENTS)) {
    test(name, async () => {
      const client = await create.cluster(cluster.ports.slice(0, 2), {})
      await assertServes(createKeyStore, client, create, false)
    })
  }
})

describe('sentinels', () => {
  for (const [name, create] of Object.entries(SENTINEL_CLIENTS)) {
    test(name, async () => {
      const client = await create.sentinel(group.ports, group.name, {})
      await assertServes(createKeyStore, client, create, false)
    })
  }
})
