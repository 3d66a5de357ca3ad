/** Clients of clusters and of sentinels: how each is made and used, and that a store goes with it. */

const assert = require('node:assert/strict')
const { inspect } = require('node:util')
const { disconnected } = require('./redis')

/**
 * An ioredis Cluster that never refreshes its slots by itself: one that is told to quit while it does so
 * goes on for ever, and its process with it.
 */
const ioredisCluster = (name, nodes, options) => {
  const slotsRefreshInterval = name === 'ioredis4' ? -1 : 0
  return new (require(name).Cluster)(nodes, { slotsRefreshInterval, ...options })
}

const ioredis = (name) => ({
  ways: ['quit', 'disconnect'],
  cluster: (ports, options) => ioredisCluster(name, seeds(ports), { redisOptions: options }),
  sentinel: (ports, master, options) =>
    new (require(name).Redis ?? require(name))({
      sentinels: seeds(ports),
      name: master,
      ...options,
      sentinelPassword: undefined
    }),
  get: (client, key) => client.get(key),
  set: (client, key, value) => client.set(key, value)
})

const seeds = (ports) => ports.map((port) => ({ host: '127.0.0.1', port }))

const nodeRedis = (name, ways, sentinelWays) => ({
  ways,
  sentinelWays,
  cluster: async (ports, options) => {
    const rootNodes = seeds(ports).map((socket) => ({ socket }))
    const client = require(name).createCluster({ rootNodes, defaults: options })
    client.on('error', () => {})
    await client.connect()
    return client
  },
  sentinel: async (ports, master, options) => {
    const { createSentinel } = require(name)
    const client = createSentinel({
      name: master,
      sentinelRootNodes: seeds(ports),
      nodeClientOptions: options,
      passthroughClientErrorEvents: false
    })
    client.on('error', () => {})
    await client.connect()
    return client
  },
  get: (client, key) => client.get(key),
  set: (client, key, value) => client.set(key, value)
})

const glide = {
  ways: ['close'],
  cluster: (ports, { password }) =>
    require('@valkey/valkey-glide').GlideClusterClient.createClient({
      addresses: seeds(ports),
      credentials: password ? { password } : undefined
    }),
  get: (client, key) => client.get(key),
  set: (client, key, value) => client.set(key, value)
}

const ALL = {
  'redis 4': nodeRedis('redis4', ['quit', 'disconnect']),
  'redis 5': nodeRedis('redis5', ['quit', 'close', 'disconnect', 'destroy']),
  'redis 6': nodeRedis('redis6', ['quit', 'close', 'disconnect', 'destroy'], ['close', 'destroy']),
  'ioredis 4': ioredis('ioredis4'),
  'ioredis 5': ioredis('ioredis5'),
  'ioredis 6': ioredis('ioredis6'),
  iovalkey: ioredis('iovalkey'),
  'valkey-glide': glide
}

/** A client that the store takes its settings from, and that does nothing by itself. */
const lazyCluster = (ports, options) => {
  const { Cluster } = require('ioredis5')
  return new Cluster(seeds(ports), { lazyConnect: true, ...options }).on('error', () => {})
}

const lazySentinel = (ports) => {
  const { Redis } = require('ioredis5')
  const options = { sentinels: seeds(ports), name: 'primary', lazyConnect: true }
  return new Redis(options).on('error', () => {})
}

/** Those that know clusters. */
const CLUSTER_CLIENTS = ALL

/** Those that know sentinels: redis since 5, whose options can be read since 6. */
const SENTINEL_CLIENTS = Object.fromEntries(
  Object.entries(ALL).filter(([name]) => name !== 'redis 4' && name !== 'valkey-glide')
)

/** The store writes where the client reads, reads what it wrote, deletes, and ends with `quit`. */
const assertServes = async (createKeyStore, client, { get, set }, isNative) => {
  const store = createKeyStore(client, { strict: true, readTimeout: 5_000, keyPrefix: 'all:' })
  assert.equal(store.native, isNative)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await get(client, 'all:i:b:1'), 'x')
  assert.equal(await get(client, 'all:i:e:x'), '1')
  await set(client, 'all:i:b:2', 'by the client')
  assert.equal(await store.getExtId('i', 2), 'by the client')
  assert.equal(await store.deleteIds('i', 1, 'x'), true)
  assert.equal(await store.deleteIds('i', 1, 'x'), false)
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal(await get(client, 'all:i:b:2'), null)
  await store.quit()
  await assert.rejects(store.getExtId('i', 1), { code: 'CLOSED' })
}

/** The store's connections go with the client, and no call is needed for that. */
const assertCloses = async (createKeyStore, client, way, nodes) => {
  const look = () => [Object.keys(client), inspect(client, { depth: 0 })]
  const before = look()
  const store = createKeyStore(client, { readTimeout: 5_000 })
  assert.deepEqual(look(), before, 'the client looks as it did')
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  const early = store.getExtId('i', 1)
  const closing = client[way]()
  assert.equal(await early, 'x', 'a call already made completes')
  for (const { command } of nodes) await disconnected(command)
  await closing
  assert.equal(await store.getExtId('i', 1), undefined)
}

module.exports = {
  assertCloses,
  assertServes,
  CLUSTER_CLIENTS,
  SENTINEL_CLIENTS,
  ioredisCluster,
  lazyCluster,
  lazySentinel
}
