/** `ready()` and `await using`: a service fails at its start, and closes what it leaves. */

const assert = require('node:assert/strict')
const net = require('node:net')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const redis3 = require('redis3')
const redis4 = require('redis4')
const createKeyStore = require('..')
const { startFake } = require('./support/fake-redis')
const { open } = require('./support/open')
const { connections, disconnected, useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const server = useServer({
  async prepare({ command }) {
    await command('acl', 'setuser', 'own', 'on', '>secret', '~token*', '+@all')
    await command('acl', 'setuser', 'writer', 'on', '>secret', '~*', '+@all', '-get')
  }
})

/** A port on which nothing listens. */
const freePort = async () => {
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  listener.close()
  await once(listener, 'close')
  return port
}

/** Whether the promise rejects with such a KeyStoreError, after at least so many ms, if any. */
const rejects = async (promise, { code, message, after = 0, before = 4_000 }) => {
  const began = performance.now()
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof createKeyStore.KeyStoreError)
    assert.deepEqual([error.code, error.operation, error.integration], [code, 'ready', ''])
    assert.match(error.message, /^ready failed: /)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /secret|nonsense/)
    return true
  })
  const took = performance.now() - began
  assert.ok(took >= after && took < before, `${took} ms`)
}

test('it connects ahead, changes nothing and counts as no call', async (t) => {
  const store = open(t, server.url)
  const before = await connections(server.command)
  assert.equal(await store.ready(), undefined)
  assert.equal((await connections(server.command)).length, before.length + 1)
  await store.ready()
  assert.equal((await connections(server.command)).length, before.length + 1)
  assert.equal(await server.command('dbsize'), 0)
  assert.equal(store.stats().calls, 0)
})

test('a user who may touch some keys only is ready', async (t) => {
  const url = `redis://own:secret@127.0.0.1:${server.port}`
  const store = open(t, url, { strict: true })
  await store.ready()
  assert.equal(await store.saveIds('token1', 1, 'x'), true)
})

describe('it rejects at once with what is for good', () => {
  const FAILURES = {
    'a wrong password': ['redis://own:nonsense@', '', { code: 'AUTH', message: /user name/ }],
    'no such database': ['redis://', '/99', { code: 'DATABASE', message: /99/ }],
    'a user without GET': [
      'redis://writer:secret@',
      '',
      { code: 'NOPERM', message: /run the 'get' command/ }
    ]
  }
  for (const [name, [before, after, expected]] of Object.entries(FAILURES)) {
    test(name, async (t) => {
      const store = open(t, `${before}127.0.0.1:${server.port}${after}`)
      await rejects(store.ready(), expected)
    })
  }

  test('a store that was closed', async (t) => {
    const store = open(t, server.url)
    await store.quit()
    await rejects(store.ready(), { code: 'CLOSED', message: /closed/ })
  })
})

describe('it rejects by connectTimeout', () => {
  const LIMIT = 400
  const options = { connectTimeout: LIMIT, onError: () => {} }

  test('where nothing listens', async (t) => {
    const store = open(t, `redis://127.0.0.1:${await freePort()}`, options)
    await rejects(store.ready(), { code: 'UNREACHABLE', message: /refused/, after: LIMIT - 50 })
  })

  test('where nothing answers', async (t) => {
    const silent = (socket) => socket.on('error', () => {})
    const listener = net.createServer(silent).listen(0, '127.0.0.1')
    t.after(() => listener.close())
    await once(listener, 'listening')
    const store = open(t, `redis://127.0.0.1:${listener.address().port}`, options)
    const code = 'UNREACHABLE'
    await rejects(store.ready(), { code, message: /127\.0\.0\.1/, after: LIMIT - 50 })
  })

  test('while a server is loading', async (t) => {
    const loading = ([name]) => (name === 'GET' ? '-LOADING loading the dataset\r\n' : undefined)
    const fake = await startFake(t, loading)
    const store = open(t, fake.url, options)
    await rejects(store.ready(), { code: 'UNREACHABLE', message: /LOADING/, after: LIMIT - 50 })
  })

  test('a client that is not connected, served by its own commands', async (t) => {
    const client = stub(() => new Promise(() => {}))
    const store = open(t, client, options)
    await rejects(store.ready(), {
      code: 'TIMEOUT',
      message: /within 400 ms \(connectTimeout\)/,
      after: LIMIT - 50
    })
  })
})

test('stores of clients are ready too', async (t) => {
  const client = redis4.createClient({ url: server.url })
  await client.connect()
  await open(t, client).ready()
  await open(t, redis3.createClient(server.port)).ready()
  await open(t, stub(byPromise)).ready()
})

test('await using: the store is closed where it is left', {
  skip: !Symbol.asyncDispose
}, async () => {
  // Its syntax is not that of every Node that is tested.
  const store = createKeyStore(server.url)
  await store.saveIds('i', 1, 'x')
  assert.deepEqual(Object.getOwnPropertySymbols(Object.assign({}, store)), [])
  const { [Symbol.asyncDispose]: dispose } = store
  assert.equal(await dispose(), undefined)
  await disconnected(server.command)
  assert.equal(await store.saveIds('i', 1, 'x'), false)
})
