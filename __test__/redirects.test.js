/** What the nodes of a cluster redirect: followed in order, whatever the redirection looks like. */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { open } = require('./support/open')
const { beginMove, callOff, endMove, integrationOn, slotOf } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')
const { until, useCluster } = require('./support/topologies')

const cluster = useCluster(['--cluster-node-timeout', '15000'], { replicas: 0 })
const [FROM, TO] = [2, 0]
const TIMES = { strict: true, readTimeout: 4_000, writeTimeout: 4_000 }
const answered = (calls) => within(5_000, Promise.all(calls))

beforeEach(async () => {
  for (const { command } of cluster.masters) await command('flushall')
})

/** A store that has its connections. */
const connect = async (t) => {
  const store = open(t, lazyCluster(cluster.ports.slice(0, 1)), TIMES)
  assert.equal(await store.saveIds('warm', 1, 'x'), true)
  return store
}

/** An integration whose one slot is the first master's, and can move to the other during `t`. */
const movable = async (t) => {
  const integration = await integrationOn(cluster, FROM)
  const slot = slotOf(integration)
  t.after(async () => {
    for (const { command } of cluster.masters) await command('flushall')
    await callOff(cluster.masters, slot)
  })
  return { integration, slot }
}

const values = async (integration) => {
  const pattern = `${integration}:*`
  const keys = await Promise.all(cluster.masters.map(({ command }) => command('keys', pattern)))
  return keys.flat().sort()
}

describe('calls behind a save that is redirected stay behind it', () => {
  const ROUNDS = 10
  const CALLS = {
    deleteAllIds: {
      behind: (store, i) => [store.deleteAllIds(i), store.getExtId(i, 1)],
      answers: [true, null],
      left: () => []
    },
    'deleteAllIds and another save': {
      behind: (store, i) => [store.deleteAllIds(i), store.saveIds(i, 2, 'y')],
      answers: [true, true],
      left: (i) => [`${i}:b:2`, `${i}:e:y`]
    },
    'a pair delete': {
      behind: (store, i) => [store.deleteIds(i, 1, 'x'), store.getExtId(i, 1)],
      answers: [true, null],
      left: () => []
    },
    'another save of its id': {
      behind: (store, i) => [store.saveIds(i, 1, 'y'), store.getExtId(i, 1)],
      answers: [true, 'y'],
      left: (i) => [`${i}:b:1`, `${i}:e:x`, `${i}:e:y`]
    }
  }
  const check = async (store, integration, { behind, answers, left }) => {
    const calls = [store.saveIds(integration, 1, 'x'), ...behind(store, integration)]
    assert.deepEqual(await answered(calls), [true, ...answers])
    assert.deepEqual(await values(integration), left(integration))
  }

  for (const [name, calls] of Object.entries(CALLS)) {
    test(`by ASK: ${name}`, async (t) => {
      const store = await connect(t)
      for (let n = 0; n < ROUNDS; n++) {
        const { integration, slot } = await movable(t)
        await beginMove(cluster, slot, FROM, TO)
        await check(store, integration, calls)
        await endMove(cluster, slot, FROM, TO)
      }
    })

    test(`by MOVED: ${name}`, async (t) => {
      const store = await connect(t)
      const { integration, slot } = await movable(t)
      await beginMove(cluster, slot, FROM, TO)
      await endMove(cluster, slot, FROM, TO)
      await check(store, integration, calls)
    })
  }
})

test('TRYAGAIN of a save leaves the answers of pair deletes elsewhere as they were', async (t) => {
  const store = await connect(t)
  const { integration, slot } = await movable(t)
  await beginMove(cluster, slot, FROM, TO)
  const calls = [
    store.saveIds(integration, 1, 'x'),
    store.deleteIds('never', 1, 'x'),
    store.deleteIds('warm', 1, 'none'),
    store.deleteIds('warm', 2, 'x')
  ]
  assert.deepEqual(await answered(calls), [true, false, false, false])
  assert.deepEqual((await values(integration)).length, 2)
})

describe('ASK names a node that says MOVED, its import was called off first', () => {
  const timesMoved = async ({ command }) => {
    const errors = await command('info', 'errorstats')
    return Number(/errorstat_MOVED:count=(\d+)/.exec(errors)?.[1] ?? 0)
  }
  const CALLS = {
    saveIds: [(store, i) => store.saveIds(i, 1, 'x'), true],
    deleteIds: [(store, i) => store.deleteIds(i, 1, 'x'), false],
    getExtId: [(store, i) => store.getExtId(i, 1), null]
  }
  for (const [name, [call, answer]] of Object.entries(CALLS)) {
    test(`${name} waits until they agree`, async (t) => {
      const store = await connect(t)
      const { integration, slot } = await movable(t)
      const [from, to] = [cluster.masters[FROM], cluster.masters[TO]]
      await from.command('cluster', 'setslot', slot, 'migrating', cluster.ids[TO])
      const before = await timesMoved(to)
      const settled = call(store, integration)
      // It may fail before: then this need not wait.
      const wasMoved = until(async () => (await timesMoved(to)) > before, 3_000)
      await Promise.race([wasMoved, settled])
      await callOff([from], slot)
      assert.equal(await within(5_000, settled), answer)
    })
  }
})

describe('redirections that name no host', () => {
  // A node without a host name says "?" for it where one is preferred.
  for (const [type, shown] of [
    ['unknown-endpoint', ''],
    ['hostname', '?']
  ]) {
    test(`cluster-preferred-endpoint-type ${type}: ASK and MOVED are followed`, async (t) => {
      const prefer = async (value) => {
        for (const { command } of cluster.masters) {
          await command('config', 'set', 'cluster-preferred-endpoint-type', value)
        }
      }
      t.after(() => prefer('ip'))
      await prefer(type)
      const store = await connect(t)
      const { integration, slot } = await movable(t)
      await beginMove(cluster, slot, FROM, TO)
      const place = `${slot} ${shown}:${cluster.ports[TO]}`
      const asked = cluster.masters[FROM].command('get', `${integration}:b:1`)
      await assert.rejects(asked, { message: `ASK ${place}` })

      const calls = () => [
        store.saveIds(integration, 1, 'x'),
        store.getExtId(integration, 1),
        store.deleteIds(integration, 1, 'x'),
        store.deleteIds(integration, 1, 'x'),
        store.saveIds(integration, 2, 'y')
      ]
      const answers = [true, 'x', true, false, true]
      assert.deepEqual(await answered(calls()), answers)
      await endMove(cluster, slot, FROM, TO)
      assert.deepEqual(await answered(calls()), answers)
      assert.equal(await within(5_000, store.deleteAllIds(integration)), true)
    })
  }
})
