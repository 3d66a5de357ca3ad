/** One master of a cluster hangs while the others answer: they do not hide its silence. */

const assert = require('node:assert/strict')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { beforeEach, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { within } = require('../lib/shared/within')
const { open } = require('./support/open')
const { integrationOn } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')
const { useCluster } = require('./support/topologies')

const CHANNEL = 'js-redis-key-store:connection'
const RESPONSE_TIMEOUT = 500
const TIMES = { responseTimeout: RESPONSE_TIMEOUT, connectTimeout: 500, strict: true }
// Patient, so that no master looks dead.
const cluster = useCluster(['--cluster-node-timeout', '15000'], { replicas: 0 })

beforeEach(async () => {
  for (const { command } of cluster.masters) await command('flushall')
})

/** Resolves to why the connection is lost. */
const lost = (t) =>
  new Promise((resolve) => {
    const note = ({ state, reason }) => state === 'lost' && resolve(reason)
    subscribe(CHANNEL, note)
    t.after(() => unsubscribe(CHANNEL, note))
  })

/** Each: what the master owes when it hangs, and what it comes to. */
const CALLS = {
  'a lookup': [(store, i) => store.getExtId(i, 1), 'x'],
  'a save': [(store, i) => store.saveIds(i, 2, 'z'), true],
  'a pair delete': [(store, i) => store.deleteIds(i, 1, 'x'), true],
  deleteAllIds: [(store, i) => store.deleteAllIds(i), true]
}

for (const [name, [call, answer]] of Object.entries(CALLS)) {
  test(`${name}: the connection is replaced after responseTimeout, no call fails`, async (t) => {
    const store = open(t, lazyCluster(cluster.ports), TIMES)
    const [answering, hanging] = [await integrationOn(cluster, 0), await integrationOn(cluster, 2)]
    assert.equal(await store.saveIds(answering, 1, 'y'), true)
    assert.equal(await store.saveIds(hanging, 1, 'x'), true)

    const { pid } = cluster.masters[2]
    process.kill(pid, 'SIGSTOP')
    t.after(() => process.kill(pid, 'SIGCONT'))
    let isOver = false
    const reason = within(3 * RESPONSE_TIMEOUT, lost(t))
      .catch(String)
      .finally(() => (isOver = true))
    const owed = call(store, hanging)
    const found = []
    while (!isOver) {
      found.push(store.getExtId(answering, 1))
      await sleep(20)
    }
    process.kill(pid, 'SIGCONT')
    const settled = within(5_000, Promise.all([owed, ...found]))
    assert.match(await reason, /nothing came back for 500 ms/)
    assert.deepEqual(await settled, [answer, ...found.map(() => 'y')])
  })
}
