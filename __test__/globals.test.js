/** Globals that fake timers and promise libraries replace: the store goes on with the real ones. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const createKeyStore = require('..')
const { KINDS } = require('./support/clients')
const { atOnce, stub } = require('./support/stub')
const { useServer } = require('./support/redis')

const server = useServer()

class Broken {
  constructor() {
    throw new Error('a replaced global was used')
  }
}

const STILL = {
  queueMicrotask: () => {},
  setImmediate: () => {},
  setInterval: () => {},
  setTimeout: () => {},
  clearTimeout: () => {},
  Promise: Broken
}

/** Replaces globals, and stops the clock, until the test `t` is over. */
const replace = (t, names) => {
  const own = Object.fromEntries(names.map((name) => [name, globalThis[name]]))
  const { now } = performance
  const restore = () => {
    Object.assign(globalThis, own)
    performance.now = now
  }
  t.after(restore)
  for (const name of names) globalThis[name] = STILL[name]
  performance.now = () => 0
  return restore
}

test('a store with a connection of its own', async (t) => {
  replace(t, Object.keys(STILL))
  const store = createKeyStore(server.url, { strict: true })
  const answers = [
    await store.saveIds('i', 1, 'x'),
    await store.getExtId('i', 1),
    await store.deleteAllIds('i'),
    await store.quit()
  ]
  assert.deepEqual(answers, [true, 'x', true, true])
})

test('a store over the commands of its client, and its deadlines', async (t) => {
  const client = stub(atOnce)
  replace(t, Object.keys(STILL))
  const store = createKeyStore(client, { strict: true, readTimeout: 50 })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.equal(await store.deleteAllIds('i'), true)
  client.get = () => {}
  await assert.rejects(store.getExtId('i', 1), { code: 'TIMEOUT' })
  assert.equal(await store.quit(), 'closed')
})

for (const kind of ['redis 5.12', 'redis 6']) {
  test(`${kind}: a select is followed`, async (t) => {
    const client = await KINDS[kind].open({ host: '127.0.0.1', port: server.port })
    const store = createKeyStore(client)
    const restore = replace(t, ['queueMicrotask', 'setTimeout', 'clearTimeout'])
    for (const db of [1, 2]) {
      await client.select(db)
      assert.equal(await store.saveIds('i', 1, `x${db}`), true)
      assert.equal(await client.get('i:b:1'), `x${db}`)
    }
    restore()
    await store.quit()
  })

  test(`${kind}: a provider of logins that never answers is not waited for`, async (t) => {
    const name = kind === 'redis 6' ? 'redis6' : 'redis5'
    const credentials = () => new Promise(() => {})
    const client = require(name).createClient({
      url: server.url,
      credentialsProvider: { type: 'async-credentials-provider', credentials }
    })
    const store = createKeyStore(client, { strict: true, connectTimeout: 50, readTimeout: 2_000 })
    replace(t, ['setTimeout', 'clearTimeout'])
    await assert.rejects(store.getExtId('i', 1), { code: 'AUTH' })
  })
}
