/** Walks over a cluster: each pair once, whatever its nodes and slots do meanwhile. */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { open } = require('./support/open')
const { beginMove, endMove, integrationOn, moveKeys, slotOf } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')
const { replicates, until, useCluster } = require('./support/topologies')

const cluster = useCluster(['--cluster-node-timeout', '1000', '--enable-debug-command', 'yes'])
const SOON = 30_000
const OPTIONS = { readTimeout: SOON }

beforeEach(async () => {
  for (const { command } of cluster.masters) await command('flushall')
})

const pairsOf = (count) => Array.from({ length: count }, (_, n) => [`${n}`, `x${n}`])

const sorted = (pairs) => pairs.map((pair) => pair.join('=')).sort()

/** The pairs of a walk, with what is done after one of them. */
const collect = async (walk, after = {}) => {
  const found = []
  for await (const pair of walk) {
    found.push(pair)
    await after[found.length]?.()
  }
  return found
}

const connect = (t, options) => open(t, lazyCluster(cluster.ports, options), OPTIONS)

for (const [name, open_] of Object.entries({
  'of its own connections': (t) => connect(t),
  'over the client': (t) => {
    // What a function does is not known.
    const client = lazyCluster(cluster.ports)
    client.options.natMap = () => null
    return open(t, client, OPTIONS)
  }
})) {
  test(`${name}: each pair once, counts and integrations`, async (t) => {
    const store = open_(t)
    assert.equal(store.native, name === 'of its own connections')
    await store.saveAllIds('i', pairsOf(3_000))
    await store.saveAllIds('j', pairsOf(7))
    assert.deepEqual(sorted(await collect(store.pairs('i'))), sorted(pairsOf(3_000)))
    assert.equal(await store.countIds('i'), 3_000)
    assert.deepEqual(await collect(store.integrations()), [
      { integrationId: 'i', pairs: 3_000 },
      { integrationId: 'j', pairs: 7 }
    ])
  })
}

test('connections that are lost on the way', async (t) => {
  const store = connect(t)
  const expected = pairsOf(20_000)
  await store.saveAllIds('i', expected)
  const kill = (n) => () => cluster.masters[n].command('client', 'kill', 'type', 'normal')
  const after = { 1: kill(0), 8000: kill(1), 19000: kill(2) }
  assert.deepEqual(sorted(await collect(store.pairs('i'), after)), sorted(expected))
  assert.ok(store.stats().reconnects > 0)
})

/** How many SCANs a master has answered. */
const scans = async ({ command }) => {
  const [, calls] = /cmdstat_scan:calls=(\d+)/.exec(await command('info', 'commandstats')) ?? []
  return Number(calls ?? 0)
}

describe('a pair that goes to a master which was walked already', () => {
  const [walked, current, coming] = [0, 1, 2]
  const MOVES = {
    'with its slot': endMove,
    'while its slot goes on moving': moveKeys
  }
  for (const [name, move] of Object.entries(MOVES)) {
    test(name, async (t) => {
      const store = connect(t)
      const integration = await integrationOn(cluster, coming)
      const slot = slotOf(integration)
      assert.equal(await store.saveIds(integration, 1, 'x'), true)
      // Enough keys that the walk is on them still when the move is over.
      const { command } = cluster.masters[current]
      await command('debug', 'populate', 500_000)
      const before = await scans(cluster.masters[current])
      const found = collect(store.pairs(integration))
      await until(async () => (await scans(cluster.masters[current])) > before)
      await beginMove(cluster, slot, coming, walked)
      await move(cluster, slot, coming, walked)
      assert.deepEqual(await within(SOON, found), [['1', 'x']])
      await endMove(cluster, slot, coming, walked)
      await beginMove(cluster, slot, walked, coming)
      await endMove(cluster, slot, walked, coming)
    })
  }
})

test('a failover on the way', async (t) => {
  const store = connect(t)
  const expected = pairsOf(10_000)
  await store.saveAllIds('i', expected)
  const [replica] = cluster.nodes.slice(cluster.masters.length)
  await replicates(replica)
  const failOver = async () => {
    await replica.command('cluster', 'failover')
    await until(async () => /role:master/.test(await replica.command('info', 'replication')))
  }
  const found = await within(SOON, collect(store.pairs('i'), { 3000: failOver }))
  assert.deepEqual(sorted(found), sorted(expected))
})
