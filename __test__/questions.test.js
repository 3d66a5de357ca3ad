/** Connecting to servers that never answer one of the questions asked on the way: fakes throughout. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const {
  LOST,
  SILENCE,
  array,
  bulk,
  number,
  startFake,
  startFakeCluster,
  startFakeSentinel
} = require('./support/fake-redis')
const { open } = require('./support/open')
const { until } = require('./support/topologies')
const { lazyCluster, lazySentinel } = require('./support/topology-clients')

const CONNECT_TIMEOUT = 300
const TIMES = { connectTimeout: CONNECT_TIMEOUT, responseTimeout: 300, readTimeout: 5_000 }
/** More than the first backoff and a busy machine take. */
const SOON = CONNECT_TIMEOUT + 1_000

/** Each starts servers with that hook, and gives what the store is made from. */
const SERVERS = {
  single: async (t, hook) => {
    const { port } = await startFake(t, hook)
    return { port, password: 'secret', db: 3 }
  },
  sentinel: async (t, hook) => {
    const master = await startFake(t, hook)
    const sentinel = await startFakeSentinel(t, () => master.port, hook)
    return lazySentinel([sentinel.port])
  },
  cluster: async (t, hook) => {
    const { ports } = await startFakeCluster(t, 2, hook)
    return lazyCluster(ports.slice(0, 1))
  }
}

const QUESTIONS = {
  AUTH: 'single',
  SELECT: 'single',
  'CLIENT SETNAME': 'single',
  'CLIENT INFO': 'single',
  PING: 'single',
  'SENTINEL GET-MASTER-ADDR-BY-NAME': 'sentinel',
  ROLE: 'sentinel',
  'CLUSTER SLOTS': 'cluster'
}

for (const [question, kind] of Object.entries(QUESTIONS)) {
  describe(`${question} is never answered`, { concurrency: true }, () => {
    /** Servers that keep silent when they are asked for the first time; notes when they were. */
    const begin = async (t) => {
      const askedAt = []
      const hook = (words) => {
        if (!words.join(' ').toUpperCase().startsWith(question)) return undefined
        askedAt.push(performance.now())
        return askedAt.length === 1 ? SILENCE : undefined
      }
      const store = open(t, await SERVERS[kind](t, hook), TIMES)
      return { store, askedAt }
    }

    test('the attempt ends by connectTimeout, the next one serves, quit resolves', async (t) => {
      const { store, askedAt } = await begin(t)
      assert.equal(await within(2 * SOON, store.saveIds('i', 1, 'x')), true)
      const waited = askedAt[1] - askedAt[0]
      assert.ok(waited < SOON, `asked again after ${waited} ms`)
      assert.equal(await store.getExtId('i', 1), 'x')
      await within(1_000, store.quit())
    })

    test('quit resolves meanwhile, and the calls before it have settled', async (t) => {
      const { store, askedAt } = await begin(t)
      const saved = store.saveIds('i', 1, 'x')
      await until(() => askedAt.length > 0, SOON)
      await within(SOON, store.quit())
      assert.equal(typeof (await within(100, saved)), 'boolean')
    })
  })
}

test('connectTimeout is for all questions of an attempt together', async (t) => {
  let isLate = true
  /** Answers so late that two such answers are too late together. */
  const late =
    (question, reply) =>
    (words, { socket }) => {
      if (words[0] !== question || !isLate) return undefined
      setTimeout(() => socket.write(reply()), 0.6 * CONNECT_TIMEOUT)
      return LOST
    }
  const role = array([bulk('master'), number(0), array([])])
  const master = await startFake(
    t,
    late('ROLE', () => role)
  )
  const place = () => array([bulk('127.0.0.1'), bulk(String(master.port))])
  const sentinel = await startFakeSentinel(t, () => master.port, late('SENTINEL', place))
  const store = open(t, lazySentinel([sentinel.port]), TIMES)
  const saved = store.saveIds('i', 1, 'x')
  await until(() => sentinel.accepted === 2, SOON)
  assert.equal(master.data.size, 0)
  isLate = false
  assert.equal(await within(SOON, saved), true)
})
