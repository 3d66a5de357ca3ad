/** A server that goes on refusing is tried ever more rarely, whatever else it answers. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { slotsOf, startFake, startFakeCluster } = require('./support/fake-redis')
const { open } = require('./support/open')
const { useServer } = require('./support/redis')
const { first, slotOf } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')

const WAITED = 2_000
/** Each wait is at least half of 50, 100, 200, 400, 800 and 1500 ms. */
const ATTEMPTS = 9

/** Refuses as a replica does, with nothing replicated meanwhile. */
const replica = useServer({
  prepare: async ({ command }) => {
    await command('mset', 'i:b:1', 'x', 'i:e:x', 1, 'other:b:1', 'y')
    await command('replicaof', '127.0.0.1', 1)
  }
})

const onReplica = (call) => async () => ({
  place: replica.url,
  call,
  tried: (store) => 1 + store.stats().reconnects
})

const IS_OVER_KEYS = new Set(['GET', 'SET', 'MSET', 'DEL', 'UNLINK'])

/** How often this was asked. */
const asked = ({ log }, name, key) =>
  log.filter((words) => words[0] === name && words[1] === key).length

/** Each: where the store goes, the call that is refused there, and how often that was tried. */
const REFUSALS = {
  'a replica, of a save': onReplica((store) => store.saveIds('i', 2, 'z')),
  'a replica, of a pair delete': onReplica((store) => store.deleteIds('i', 1, 'x')),
  'a replica, of deleteAllIds': onReplica((store) => store.deleteAllIds('i')),

  'a server that is busy, of a save': async (t) => {
    const busy = await startFake(t, ([name]) =>
      name === 'MSET' ? '-BUSY Redis is busy running a script.\r\n' : undefined
    )
    return {
      place: busy.url,
      call: (store) => store.saveIds('i', 2, 'z'),
      tried: () => asked(busy, 'MSET', 'i:b:2')
    }
  },

  'one master of a cluster that loads its data, of a lookup': async (t) => {
    const isThere = (key) => cluster.owner(key) === cluster.nodes[1]
    const cluster = await startFakeCluster(t, 2, ([name, key]) =>
      IS_OVER_KEYS.has(name) && isThere(key) ? '-LOADING Redis is loading\r\n' : undefined
    )
    const id = first(String, (n) => isThere(`i:b:${n}`))
    return {
      place: lazyCluster(cluster.ports),
      call: (store) => store.getExtId('i', id),
      tried: () => asked(cluster.nodes[1], 'GET', `i:b:${id}`)
    }
  },

  'two nodes that each name the other with MOVED, of a lookup': async (t) => {
    const nodes = []
    const start = (n) =>
      startFake(t, ([name, key]) => {
        if (name === 'CLUSTER') return slotsOf([nodes[n]])
        const isOverKeys = IS_OVER_KEYS.has(name)
        return isOverKeys ? `-MOVED ${slotOf(key)} 127.0.0.1:${nodes[1 - n].port}\r\n` : undefined
      })
    nodes.push(await start(0), await start(1))
    return {
      place: lazyCluster(nodes.map(({ port }) => port)),
      call: (store) => store.getExtId('i', 1),
      // An attempt may follow from one to the other.
      tried: () => Math.max(...nodes.map((node) => asked(node, 'GET', 'i:b:1')))
    }
  }
}

describe('refusals without end by', { concurrency: true }, () => {
  for (const [name, prepare] of Object.entries(REFUSALS)) {
    const isTriedRarely = async (t, beside) => {
      const { place, call, tried } = await prepare(t)
      const options = { writeTimeout: WAITED, readTimeout: WAITED, connectTimeout: 500 }
      const store = open(t, place, options)
      const settled = call(store)
      await beside(store)
      const answer = await settled
      assert.ok(answer === false || answer === undefined, String(answer))
      assert.ok(tried(store) > 1, 'it is tried again')
      assert.ok(tried(store) <= ATTEMPTS, `tried ${tried(store)} times in ${WAITED} ms`)
    }

    test(name, (t) => isTriedRarely(t, async () => {}))

    test(`${name}, beside steady lookups of another integration`, (t) =>
      isTriedRarely(t, async (store) => {
        for (let n = 0; n < WAITED / 40; n++) {
          store.getExtId('other', n % 10)
          await sleep(20)
        }
      }))
  }
})
