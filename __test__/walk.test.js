/**
 * deleteAllIds where connections are lost, masters go and deletions are refused on its way: when it
 * is true, all pairs are gone. Fakes, but for a server without UNLINK.
 */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { LOST, array, bulk, startFake, startFakeCluster } = require('./support/fake-redis')
const { open } = require('./support/open')
const { useServer } = require('./support/redis')
const { first } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')

const TIMES = { readTimeout: 8_000, writeTimeout: 8_000, responseTimeout: 1_000, strict: true }
const SOON = 5_000

const page = (cursor) => array([bulk(cursor), array([])])

/** Saves as many pairs. */
const fill = (data, integration, count) => {
  for (let n = 0; n < count; n++) {
    data.set(`${integration}:b:${n}`, `x${n}`).set(`${integration}:e:x${n}`, String(n))
  }
}

const left = (integration, ...fakes) =>
  fakes.flatMap(({ data }) => [...data.keys()]).filter((key) => key.startsWith(`${integration}:`))

test('a walk that stands still while a doubtful save is tried alone starts anew elsewhere', async (t) => {
  let losses = 0
  const fake = await startFake(t, ([name, word], { close }) => {
    if (name === 'SCAN' && losses < 2) return LOST
    // A page with nothing in it, of a server whose cursors mean something else to the next one.
    if (name === 'SCAN' && losses === 2) return page('77')
    if (name === 'SCAN' && word === '77') return page('0')
    if (name !== 'MSET' || losses === 3) return undefined
    losses++
    return close()
  })
  fill(fake.data, 'a', 10)
  const store = open(t, fake.url, TIMES)
  const calls = [store.deleteAllIds('a'), store.saveIds('b', 1, 'x')]
  assert.deepEqual(await within(SOON, Promise.all(calls)), [true, true])
  assert.deepEqual(left('a', fake), [])
  assert.equal(losses, 3)
})

test('so it does in a cluster that has fewer masters afterwards', async (t) => {
  let losses = 0
  const lose = () => {
    losses++
    for (const node of cluster.nodes) node.drop()
    if (losses < 3) return
    cluster.masters = [stays]
    for (const [key, value] of goes.data) stays.data.set(key, value)
    goes.data.clear()
  }
  const cluster = await startFakeCluster(t, 2, ([name, key]) => {
    if (name === 'SCAN' && losses < 2) return LOST
    if (name !== 'SET' || losses === 3) return undefined
    // Later than the walk takes to its next master.
    if (key === 'b:b:1') setTimeout(lose, 100)
    return LOST
  })
  const [stays, goes] = cluster.nodes
  fill(goes.data, 'a', 10)
  const store = open(t, lazyCluster(cluster.ports), TIMES)
  const calls = [store.deleteAllIds('a'), store.saveIds('b', 1, 'x'), store.getExtId('b', 1)]
  assert.deepEqual(await within(SOON, Promise.all(calls)), [true, true, 'x'])
  assert.deepEqual(left('a', stays), [])
  assert.equal(losses, 3)
})

describe('a pair whose keys may be of a longer id, one half of which is not deleted at first', () => {
  /** What the node of that half does instead. */
  const FAILURES = {
    'its connection is lost': (_, { close }) => close(),
    'its connection is lost afterwards': (words, { execute, close }) => {
      execute(words)
      return close()
    },
    'its node is a replica by now': () =>
      "-READONLY You can't write against a read only replica.\r\n",
    'its node loads its data': () => '-LOADING Redis is loading the dataset in memory\r\n',
    'its node does not see the cluster': () => '-CLUSTERDOWN The cluster is down\r\n'
  }
  const BOTMATIC = 'b:1'

  for (const [name, fail] of Object.entries(FAILURES)) {
    for (const half of ['botmatic', 'external']) {
      test(`${name}: the ${half} half`, async (t) => {
        let failed = 0
        let key
        const cluster = await startFakeCluster(t, 2, (words, connection) => {
          const isMeant = ['UNLINK', 'DEL'].includes(words[0]) && words.includes(key)
          return isMeant && failed++ === 0 ? fail(words, connection) : undefined
        })
        const { owner, nodes, ports } = cluster
        const isApart = (id) => owner(`i:e:${id}`) !== owner(`i:b:${BOTMATIC}`)
        const external = first((n) => `e:${n}`, isApart)
        const store = open(t, lazyCluster(ports), TIMES)
        assert.equal(await store.saveIds('i', BOTMATIC, external), true)
        assert.equal(await store.saveIds('i:b', 2, 'w'), true)
        key = half === 'botmatic' ? `i:b:${BOTMATIC}` : `i:e:${external}`
        assert.equal(await within(SOON, store.deleteAllIds('i')), true)
        assert.ok(failed > 0)
        assert.deepEqual(left('i', ...nodes).sort(), ['i:b:b:2', 'i:b:e:w'])
        assert.equal(await store.getExtId('i', BOTMATIC), null)
      })
    }
  }
})

describe('an error reply that Redis cuts inside a character', () => {
  const server = useServer({
    args: ['UNLINK', 'GET'].flatMap((name) => ['--rename-command', name, ''])
  })
  const times = { ...TIMES, readTimeout: 2_000, writeTimeout: 2_000 }
  beforeEach(() => server.command('flushall'))
  // Of an unknown command it quotes 128 bytes of arguments.
  const IDS = [0, 1, 2].map((n) => 'x'.repeat(n) + '€'.repeat(60))

  for (const [n, id] of IDS.entries()) {
    test(`deleteAllIds, UNLINK renamed away, ${n} bytes before letters of three`, async (t) => {
      const store = open(t, server.url, times)
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.saveIds(id, n, `x${n}`)))
      assert.equal(await store.deleteAllIds(id), true)
      assert.equal(await server.command('dbsize'), 0)
      assert.equal(store.stats().reconnects, 0)
    })

    test(`a lookup, GET renamed away, ${n} bytes before letters of three`, async (t) => {
      const store = open(t, server.url, times)
      const found = store.getExtId(id, 1)
      await assert.rejects(found, { code: 'REPLY', message: /unknown command/ })
      assert.equal(store.stats().reconnects, 0)
    })
  }
})
