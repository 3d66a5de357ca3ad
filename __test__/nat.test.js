/** Servers that call themselves by an address at which nobody reaches them. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { ioredisCluster } = require('./support/topology-clients')
const { useServer } = require('./support/redis')
const { until } = require('./support/topologies')

const host = '127.0.0.1'

/** One node, which says that it is at an IPv6 address that this machine does not have. */
const cluster = useServer({
  args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '::2'],
  prepare: async ({ command }) => {
    await command('cluster', 'addslotsrange', 0, 16_383)
    await until(async () => (await command('cluster', 'info')).includes('cluster_state:ok'))
  }
})

/** As clients write it: the address without brackets, and the port of either type. */
const map = () => ({ [`::2:${cluster.port}`]: { host, port: String(cluster.port) } })

const CLIENTS = Object.fromEntries([
  ...['redis4', 'redis5', 'redis6'].map((name) => [
    name,
    async () => {
      const rootNodes = [{ socket: { host, port: cluster.port } }]
      const client = require(name).createCluster({ rootNodes, nodeAddressMap: map() })
      client.on('error', () => {})
      await client.connect()
      return client
    }
  ]),
  ...['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey'].map((name) => [
    name,
    () => ioredisCluster(name, [{ host, port: cluster.port }], { natMap: map() })
  ])
])

describe('a cluster whose node calls itself ::2', () => {
  const node = () => `${host}:${cluster.port}`
  const addresses = {
    'an object': () => ({ cluster: { nodes: [node()] }, natMap: map() }),
    'a URL': () => ({ url: `redis-cluster://${node()}`, natMap: map() })
  }
  for (const [name, address] of Object.entries(addresses)) {
    test(`without a client: ${name}`, async () => {
      const store = createKeyStore(address(), { strict: true, writeTimeout: 5_000 })
      assert.equal(await store.saveIds('i', name, 'x'), true)
      await store.quit()
    })
  }

  for (const [name, open] of Object.entries(CLIENTS)) {
    test(name, async () => {
      const client = await open()
      const store = createKeyStore(client, {
        strict: true,
        readTimeout: 5_000,
        writeTimeout: 5_000
      })
      assert.equal(await store.saveIds('i', name, 'x'), true)
      assert.equal(await client.get(`i:b:${name}`), 'x')
      await store.quit()
    })
  }
})
