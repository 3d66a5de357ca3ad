/** deleteAllIds on a cluster whose slots move, beside others that write to it. */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { open } = require('./support/open')
const { beginMove, endMove, integrationOn, moveKeys, ownerOf, slotOf } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')
const { until, useCluster } = require('./support/topologies')

const cluster = useCluster(['--cluster-node-timeout', '15000', '--enable-debug-command', 'yes'], {
  replicas: 0
})
const TIMES = { strict: true, readTimeout: 30_000, writeTimeout: 30_000 }
/** Some seconds, on a machine that has nothing else to do. */
const SOON = 25_000
const OTHERS = [1, 2, 0]

beforeEach(async () => {
  for (const { command } of cluster.masters) await command('flushall')
})

const connect = (t, options) => open(t, lazyCluster(cluster.ports, options), TIMES)

/** How many SCANs a master has answered. */
const scans = async ({ command }) => {
  const [, calls] = /cmdstat_scan:calls=(\d+)/.exec(await command('info', 'commandstats')) ?? []
  return Number(calls ?? 0)
}

/** The keys of an integration that are left, of all masters. */
const keysLeft = async (integration) => {
  const pattern = `${integration}:*`
  const keys = await Promise.all(cluster.masters.map(({ command }) => command('keys', pattern)))
  return keys.flat().sort()
}

test('a key on a node that does not own its slot: the walk ends, and pairs elsewhere go', async (t) => {
  const key = 'i:b:stray'
  const slot = slotOf(key)
  const owner = await ownerOf(cluster, slot)
  const { command, port } = cluster.masters[OTHERS[owner]]
  // An import that was called off.
  await command('cluster', 'setslot', slot, 'importing', cluster.ids[owner])
  await Promise.all([command('asking'), command('set', key, 'x')])
  await command('cluster', 'setslot', slot, 'stable')

  const store = connect(t)
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.saveIds('i', n, `x${n}`)))
  const before = await Promise.all(cluster.masters.map(scans))
  const deleted = store.deleteAllIds('i').catch(({ message }) => message)
  const answer = await within(SOON, deleted)
  assert.ok(answer === true || answer.includes(`127.0.0.1:${port}`), answer)
  const after = await Promise.all(cluster.masters.map(scans))
  const made = after.map((count, n) => count - before[n])
  assert.ok(Math.max(...made) < 50, `SCANs: ${made}`)
  assert.deepEqual(
    (await keysLeft('i')).filter((left) => left !== key),
    []
  )
})

test('another process goes on saving: the walk ends, and what stood at the call is gone', async (t) => {
  // Enough to walk over that more is saved meanwhile.
  await cluster.masters[1].command('debug', 'populate', 200_000)
  const store = connect(t)
  const other = connect(t)
  const stood = Array.from({ length: 200 }, (_, n) => n)
  await Promise.all(stood.map((n) => store.saveIds('i', n, `x${n}`)))
  let isOver = false
  const writing = (async () => {
    for (let n = 1_000; !isOver; n++) await other.saveIds('i', n, `x${n}`)
  })()
  try {
    const [deleted, found, later] = await within(
      SOON,
      Promise.all([store.deleteAllIds('i'), store.getExtId('i', 1), store.saveIds('i', 1, 'later')])
    )
    assert.deepEqual([deleted, found, later], [true, null, true])
  } finally {
    isOver = true
    await writing
  }
  const found = await Promise.all(stood.map((n) => store.getExtId('i', n)))
  assert.deepEqual(
    found.filter((id) => id !== null),
    ['later']
  )
})

describe('a pair that goes to a master which was walked already', () => {
  // In the order of their slots, which is that in which they are told.
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
      await command('debug', 'populate', 1_000_000)
      t.after(() => command('flushall'))
      const before = await scans(cluster.masters[current])
      const deleted = store.deleteAllIds(integration)
      await until(async () => (await scans(cluster.masters[current])) > before, SOON)
      await beginMove(cluster, slot, coming, walked)
      await move(cluster, slot, coming, walked)
      assert.equal(await within(SOON, deleted), true)
      assert.deepEqual(await keysLeft(integration), [])
      assert.equal(await store.getExtId(integration, 1), null)
      await endMove(cluster, slot, coming, walked)
    })
  }
})
