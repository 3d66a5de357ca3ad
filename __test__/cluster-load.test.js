/** Redis Cluster under load while slots and masters change: nothing lost, half done, late or out of order. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { Cluster } = require('ioredis5')
const createKeyStore = require('..')
const { TIMES, startLoad } = require('./support/load')
const { until, useCluster } = require('./support/topologies')

// Patient, so that a busy machine makes no node look dead: a replica that then takes over from a
// master at work loses what that one acknowledges meanwhile.
const cluster = useCluster(['--cluster-node-timeout', '15000'])

/** Runs `fault` beside a load. */
const survives = async (t, fault) => {
  for (const { command } of cluster.masters) await command('flushall')
  const client = new Cluster([{ host: '127.0.0.1', port: cluster.ports[0] }])
  const times = { ...TIMES, readTimeout: 5_000, connectTimeout: 2_000 }
  const store = createKeyStore(client, times)
  t.after(() => store.quit())
  const load = startLoad(store, { times })
  t.after(load.stop)
  await load.more(500)
  await fault(load)
  await load.more(500)
  const mget = (_, ...keys) => Promise.all(keys.map((key) => client.get(key)))
  await load.check(mget)
  assert.ok(store.stats().reconnects > 0, 'the fault reached the store')
}

test('a hundred slots move to another master', (t) =>
  survives(t, async (load) => {
    const [, from, to] = cluster.masters
    const [, source, target] = cluster.ids
    for (let slot = 6_000; slot < 6_100; slot++) {
      await to.command('cluster', 'setslot', slot, 'importing', source)
      await from.command('cluster', 'setslot', slot, 'migrating', target)
      const keys = await from.command('cluster', 'getkeysinslot', slot, 1_000)
      for (const key of keys) {
        await from.command('migrate', '127.0.0.1', to.port, key, 0, 5_000)
      }
      for (const node of [to, from, cluster.masters[0]]) {
        await node.command('cluster', 'setslot', slot, 'node', target)
      }
      await load.more(10)
    }
  }))

test('a replica takes over from its master, and the master from it', (t) =>
  survives(t, async (load) => {
    const [first, second] = [0, 3].map((n) => ({ node: cluster.nodes[n], id: cluster.ids[n] }))
    for (const [from, to] of [
      [first, second],
      [second, first]
    ]) {
      // The others vote only for whom they know as this master's replica.
      for (const { command } of cluster.nodes) {
        await until(async () => (await command('cluster', 'replicas', from.id)).length === 1)
      }
      await until(async () => (await to.node.command('role'))[3] === 'connected')
      await to.node.command('cluster', 'failover')
      await until(async () => (await to.node.command('role'))[0] === 'master')
      await load.more(500)
    }
  }))
