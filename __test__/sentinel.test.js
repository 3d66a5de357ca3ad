/** Sentinel: the master is found, and found anew when it changes. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Redis } = require('ioredis5')
const createKeyStore = require('..')
const { TIMES, startLoad } = require('./support/load')
const { assertCloses, assertServes, SENTINEL_CLIENTS } = require('./support/topology-clients')
const { replicates, until, useSentinels } = require('./support/topologies')

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
    if (name === 'redis 5') continue
    for (const way of create.sentinelWays ?? create.ways) {
      test(`${name}: ${way}() by the application`, async () => {
        const client = await create.sentinel(group.ports, group.name, { password: PASSWORD })
        await assertCloses(createKeyStore, client, way, group.nodes)
      })
    }
  }
})

test('the store writes to the master that the client reads from', async () => {
  const { client, store } = open()
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await client.get('i:b:1'), 'x')
  assert.equal(await store.quit(), 'OK')
})

for (const name of ['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey']) {
  test(`${name} of the role slave: the store works on the master, and the client reads that`, async () => {
    const Client = require(name).Redis ?? require(name)
    const sentinels = group.ports.map((port) => ({ host: '127.0.0.1', port }))
    const client = new Client({ sentinels, name: group.name, password: PASSWORD, role: 'slave' })
    const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
    assert.equal(await store.saveIds('slave', 1, name), true)
    assert.equal(await store.getExtId('slave', 1), name)
    await until(async () => (await client.get('slave:b:1')) === name)
    assert.equal((await client.role())[0], 'slave')
    await store.quit()
  })
}

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

describe('under load', () => {
  const role = async (node) => (await node.command('role').catch(() => []))[0]

  /**
   * Lets the replica take over beside a load: no call may fail, be lost or overtake another. Redis
   * loses what it has confirmed and not replicated, so writes are held until the replica has all.
   */
  const survives = async (t, failOver) => {
    const times = { ...TIMES, readTimeout: 60_000, connectTimeout: 2_000 }
    const { client, store } = open(times)
    const load = startLoad(store, { times })
    t.after(async () => {
      await load.stop()
      await store.quit()
      client.disconnect()
    })
    const [first, second] = group.nodes
    const [master, replica] = (await role(first)) === 'master' ? [first, second] : [second, first]
    await load.more(500)
    await master.command('client', 'pause', 60_000, 'write')
    assert.equal(await master.command('wait', 1, 0), 1)
    await failOver(master, replica)
    await until(async () => (await role(replica)) === 'master')
    await load.more(500)
    await replica.command('select', 2)
    const { calls, failed } = await load.check(replica.command)
    t.diagnostic(`${calls} calls, the slowest took ${Math.round(load.slowest)} ms`)
    assert.equal(failed, 0)
    assert.ok(store.stats().reconnects > 0, 'the fault reached the store')
  }

  test('SENTINEL FAILOVER: the replica takes over from a master that goes on', async (t) => {
    const sentinel = new Redis({ port: group.ports[0] })
    t.after(() => sentinel.disconnect())
    const order = () => sentinel.call('sentinel', 'failover', group.name)
    // Refused until the sentinel has seen that the replica is fit.
    const isTaken = () => order().then(Boolean, () => false)
    await survives(t, async (master, replica) => {
      await until(isTaken)
      await until(async () => (await role(replica)) === 'master')
      // As the sentinels do: the writes held so far are answered with READONLY.
      await master.command('replicaof', '127.0.0.1', replica.port)
      await master.command('client', 'unpause')
      await replicates(master)
    })
  })

  test('the master killed: the replica takes over', (t) => survives(t, (master) => master.kill()))
})
