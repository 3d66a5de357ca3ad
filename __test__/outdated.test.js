/** Sentinels and nodes that are behind the times: another one knows better. Fakes throughout. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const net = require('node:net')
const { describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { freePort } = require('../scripts/redis')
const { array, bulk, slotsOf, startFake, startFakeSentinel } = require('./support/fake-redis')
const { open } = require('./support/open')
const { slotOf } = require('./support/slots')
const { lazyCluster, lazySentinel } = require('./support/topology-clients')

const TIMES = { connectTimeout: 1_000, responseTimeout: 1_000, strict: true }
/** An attempt or two, with their backoff, on a busy machine. */
const SOON = 3_000
/** So often connecting is tried in that time, see the backoff. */
const ATTEMPTS = 12

/** Accepts and never answers. */
const startMute = async (t) => {
  const sockets = new Set()
  const listener = net.createServer((socket) => sockets.add(socket.on('error', () => {})))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => {
    listener.close()
    for (const socket of sockets) socket.destroy()
  })
  return listener.address().port
}

const startReplica = async (t) => {
  const role = array([bulk('slave'), bulk('127.0.0.1'), ':1\r\n', bulk('connected'), ':0\r\n'])
  const { port } = await startFake(t, ([name]) => {
    if (name === 'ROLE') return role
    return name === 'MSET'
      ? "-READONLY You can't write against a read only replica.\r\n"
      : undefined
  })
  return port
}

/** What the one that is asked first takes for the master; each gives its port. */
const MASTERS = {
  'a master that is gone': freePort,
  'a master that accepts and never answers': startMute,
  'a master that is a replica by now': startReplica
}

describe('the first sentinel names', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(MASTERS)) {
    test(`${name}, the second one the right one`, async (t) => {
      const [old, master] = [await start(t), await startFake(t)]
      const sentinels = [old, master.port].map((port) => startFakeSentinel(t, () => port))
      const [first, second] = await Promise.all(sentinels)
      const store = open(t, lazySentinel([first.port, second.port]), TIMES)
      assert.equal(await within(SOON, store.saveIds('i', 1, 'x')), true)
      assert.equal(master.data.get('i:b:1'), 'x')
      assert.ok(first.accepted > 0 && first.accepted <= ATTEMPTS, `asked ${first.accepted} times`)
    })
  }

  test('no master, the second one does', async (t) => {
    const master = await startFake(t)
    const ignorant = await startFake(t, ([name]) => (name === 'SENTINEL' ? '*-1\r\n' : undefined))
    const knowing = await startFakeSentinel(t, () => master.port)
    const store = open(t, lazySentinel([ignorant.port, knowing.port]), TIMES)
    assert.equal(await within(SOON, store.saveIds('i', 1, 'x')), true)
  })
})

describe('the slots that the first seed tells', { concurrency: true }, () => {
  const answersSlots =
    (master) =>
    ([name]) =>
      name === 'CLUSTER' ? slotsOf([{ port: master() }]) : undefined

  for (const name of Object.keys(MASTERS).slice(0, 2)) {
    test(`are those of ${name}, the second seed knows better`, async (t) => {
      const old = await MASTERS[name](t)
      const behind = await startFake(
        t,
        answersSlots(() => old)
      )
      const knowing = await startFake(
        t,
        answersSlots(() => knowing.port)
      )
      const store = open(t, lazyCluster([behind.port, knowing.port]), TIMES)
      assert.equal(await within(SOON, store.saveIds('i', 1, 'x')), true)
      assert.equal(knowing.data.get('i:b:1'), 'x')
      assert.ok(behind.accepted > 0 && behind.accepted <= ATTEMPTS)
    })
  }

  for (const seeds of ['it and a second one that knows better', 'it alone']) {
    test(`are long another's, as its nodes say with MOVED: the seeds are ${seeds}`, async (t) => {
      const successor = await startFake(
        t,
        answersSlots(() => successor.port)
      )
      const outdated = await startFake(t, ([name, key]) => {
        if (name === 'CLUSTER') return slotsOf([outdated])
        const isOverKeys = ['GET', 'SET', 'MSET', 'DEL'].includes(name)
        return isOverKeys ? `-MOVED ${slotOf(key)} 127.0.0.1:${successor.port}\r\n` : undefined
      })
      const ports = seeds === 'it alone' ? [outdated.port] : [outdated.port, successor.port]
      const store = open(t, lazyCluster(ports), TIMES)
      assert.equal(await within(SOON, store.saveIds('i', 1, 'x')), true)
      assert.equal(await within(SOON, store.getExtId('i', 1)), 'x')
      assert.equal(successor.data.get('i:b:1'), 'x')
      assert.ok(outdated.accepted <= 2 * ATTEMPTS, `connected ${outdated.accepted} times`)
    })
  }
})
