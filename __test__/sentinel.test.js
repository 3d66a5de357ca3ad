/** Sentinel: the master is found, and found anew when it changes. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Redis } = require('ioredis5')
const createKeyStore = require('..')
const { assertServes, SENTINEL_CLIENTS } = require('./support/topology-clients')
const { until, useSentinels } = require('./support/topologies')

const PASSWORD = 'secret'

const group = useSentinels({ password: PASSWORD })

const open = (options) => {
  const sentinels = group.ports.map((port) => ({ host: '127.0.0.1', port }))
  const client = new Redis({ sentinels, name: group.name, password: PASSWORD, db: 2 })
  client.on('error', () => {})
  return { client, store: createKeyStore(client, options) }
}

describe('each client', () => {
  for (const [name, create] of Object.entries(SENTINEL_CLIENTS)) {
    test(name, async () => {
      const client = await create.sentinel(group.ports, group.name, { password: PASSWORD })
      await assertServes(createKeyStore, client, create, name !== 'redis 5')
    })
  }
})

test('the store writes to the master that the client reads from', async () => {
  const { client, store } = open()
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await client.get('i:b:1'), 'x')
  assert.equal(await store.quit(), 'OK')
})

test('a master that is named by nobody', async () => {
  const sentinels = [{ host: '127.0.0.1', port: group.ports[0] }]
  const client = new Redis({ sentinels, name: 'nobody', lazyConnect: true })
  const store = createKeyStore(client, { strict: true, readTimeout: 300 })
  await assert.rejects(store.getExtId('i', 1), {
    code: 'UNREACHABLE',
    message: /sentinel 127\.0\.0\.1:\d+.* it knows no master "nobody"/
  })
  client.disconnect()
})

test('the master killed: the replica takes over, and what was called meanwhile is done', async () => {
  const { store, client } = open({ strict: true, readTimeout: 30_000 })
  const [master, replica] = group.nodes
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await until(async () => (await master.command('wait', 1, 1_000)) === 1)
  await master.kill()
  const calls = [store.saveIds('i', 2, 'y'), store.getExtId('i', 2), store.getExtId('i', 1)]
  assert.deepEqual(await Promise.all(calls), [true, 'y', 'x'])
  await replica.command('select', 2)
  assert.equal(await replica.command('get', 'i:b:2'), 'y')
  await store.quit()
  client.disconnect()
})
