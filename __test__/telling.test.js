/** What the store tells of itself: its diagnostics channels and stats(). */

const assert = require('node:assert/strict')
const diagnostics = require('node:diagnostics_channel')
const { beforeEach, test } = require('node:test')
const createKeyStore = require('..')
const { freePort } = require('../scripts/redis')
const { messages } = require('./support/messages')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const TOKEN = 'tok3n-of-an-integration'

const server = useServer()
beforeEach(() => server.command('flushall'))

test('each call is told, with what came of it', async (t) => {
  const heard = messages(t, 'call')
  const store = createKeyStore(server.url)
  await server.command('hset', `${TOKEN}:b:hash`, 'f', 'v')
  await store.saveIds(TOKEN, 1, 'x')
  await store.getExtId(TOKEN, 1)
  await store.getBotmaticId(TOKEN, 'none')
  await store.getExtId(TOKEN, 'hash')
  await store.deleteIds(TOKEN, 1, 'x')
  await store.deleteIds(TOKEN, 1, 'x')
  await store.deleteAllIds(TOKEN)
  await store.saveIds(TOKEN, null, 'x')
  const outcomes = heard.map(({ operation, outcome, attempts }) => [operation, outcome, attempts])
  assert.deepEqual(outcomes, [
    ['saveIds', 'true', 1],
    ['getExtId', 'found', 1],
    ['getBotmaticId', 'missing', 1],
    ['getExtId', 'WRONGTYPE', 1],
    ['deleteIds', 'true', 1],
    ['deleteIds', 'false', 1],
    ['deleteAllIds', 'true', 1],
    ['saveIds', 'NOID', 0]
  ])
  for (const { integration, milliseconds, ...rest } of heard) {
    assert.equal(integration, 'tok3…')
    assert.ok(milliseconds >= 0 && milliseconds < 5_000)
    const own = Object.keys(rest).filter((name) => !name.includes('.'))
    assert.deepEqual(own, ['operation', 'outcome', 'attempts'])
  }
  await store.quit()
})

test('a call that was sent again says so, one that was never sent too', async (t) => {
  const heard = messages(t, 'call')
  const store = createKeyStore(server.url, { responseTimeout: 100 })
  await store.saveIds(TOKEN, 1, 'x')
  await server.command('client', 'pause', 150, 'all')
  assert.equal(await store.saveIds(TOKEN, 1, 'x'), true)
  const offline = createKeyStore({ port: await freePort() }, { readTimeout: 100 })
  await offline.getExtId(TOKEN, 1)
  const [first, again, never] = heard
  assert.equal(first.attempts, 1)
  assert.ok(again.attempts > 1)
  assert.deepEqual([never.attempts, never.outcome], [0, 'UNREACHABLE'])
  assert.ok(never.milliseconds >= 99)
  await Promise.all([store.quit(), offline.quit()])
})

test('who subscribes or leaves while the store is in use hears just that', async (t) => {
  const store = createKeyStore(server.url)
  await store.saveIds(TOKEN, 1, 'x')
  const heard = messages(t, 'call')
  await store.saveIds(TOKEN, 2, 'y')
  diagnostics.channel('js-redis-key-store:call').unsubscribe(() => {})
  assert.equal(heard.length, 1)
  await store.quit()
})

test("a listener that throws ends no call: what it throws is the process's", async () => {
  const script = `
    const { subscribe } = require('node:diagnostics_channel')
    const fail = () => {
      throw new Error('of the application')
    }
    subscribe('js-redis-key-store:call', fail)
    subscribe('js-redis-key-store:connection', fail)
    let thrown = 0
    process.on('uncaughtException', () => thrown++)
    const store = require('.')('${server.url}')
    const main = async () => {
      const answers = [await store.saveIds('i', 1, 'x'), await store.getExtId('i', null)]
      answers.push(await store.getExtId('i', 1), store.stats().pending)
      await new Promise(setImmediate)
      console.log(JSON.stringify({ answers, thrown }))
    }
    main()
  `
  const { code, stdout, stderr } = await runScript(script)
  assert.deepEqual([code, stderr], [0, ''])
  // Connecting, connected, and three calls.
  assert.deepEqual(JSON.parse(stdout), { answers: [true, null, 'x', 0], thrown: 5 })
})

test('connections are told as they come and go', async (t) => {
  const heard = messages(t, 'connection')
  const store = createKeyStore(server.url)
  await store.saveIds(TOKEN, 1, 'x')
  await server.kill()
  const saved = store.saveIds(TOKEN, 2, 'y')
  while (!heard.some(({ state }) => state === 'failed')) await new Promise(setImmediate)
  await server.restart()
  assert.equal(await saved, true)
  const states = heard.map(({ state }) => state).filter((state, n, all) => state !== all[n - 1])
  assert.deepEqual(states.slice(0, 3), ['connecting', 'ready', 'lost'])
  assert.deepEqual(states.slice(-2), ['connecting', 'ready'])
  for (const { state, server: name, reason } of heard) {
    assert.equal(name, `127.0.0.1:${server.port}`)
    assert.equal(typeof reason, ['lost', 'failed'].includes(state) ? 'string' : 'undefined')
  }
  assert.match(heard.find(({ state }) => state === 'failed').reason, /refused/)
  await store.quit()
})

test('stats() counts, and is no property that shows', async () => {
  const store = createKeyStore(server.url, { maxPending: 3 })
  assert.deepEqual(store.stats(), {
    calls: 0,
    failures: {},
    pending: 0,
    reconnects: 0,
    bytes: { sent: 0, received: 0 }
  })
  assert.ok(!Object.keys(store).includes('stats'))
  const calls = [1, 2, 3, 4, 5].map((n) => store.saveIds(TOKEN, n, n))
  assert.equal(store.stats().pending, 5)
  assert.deepEqual(await Promise.all(calls), [true, true, true, false, false])
  const { bytes, ...rest } = store.stats()
  assert.deepEqual(rest, { calls: 5, failures: { BUSY: 2 }, pending: 0, reconnects: 0 })
  assert.ok(bytes.sent > 200 && bytes.received >= 3 * '+OK\r\n'.length)
  await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
  assert.equal(await store.getExtId(TOKEN, 1), '1')
  assert.equal(store.stats().reconnects, 1)
  await store.quit()
  assert.deepEqual(new createKeyStore.RedisKeyStore(server.url).stats().calls, 0)
})
