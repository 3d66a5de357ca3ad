/** Bad input and bad servers: the right result in the right time, told once, with no secret in it. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { inspect } = require('node:util')
const { after, describe, test } = require('node:test')
const redis = require('redis3')
const createKeyStore = require('..')
const { freePort } = require('../scripts/redis')
const { debugLines } = require('./support/debug')
const { useServer } = require('./support/redis')

const SECRET = 'hunter2-password'
const TOKEN = 'tok3n-of-an-integration'

/** A server that is not Redis, on a free port. */
const listening = async (listener) => {
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return listener.address().port
}

const web = http.createServer()
// The store hangs up on it hard.
const mute = net.createServer((socket) => socket.on('error', () => {}))
let ports

const server = useServer({
  prepare: async ({ command }) => {
    ports = { web: await listening(web), mute: await listening(mute), none: await freePort() }
    const user = ['limited', 'on', `>${SECRET}`, '~*', '+@connection', '+get', '+select']
    await command('acl', 'setuser', ...user)
    await command('acl', 'setuser', 'fixed', 'on', `>${SECRET}`, '~*', '+@all', '-select')
    await command('acl', 'setuser', 'full', 'on', `>${SECRET}`, '~*', '+@all')
    await command('hset', `${TOKEN}:b:hash`, 'f', 'v')
  }
})
after(() => {
  web.close()
  mute.close()
})

const TIMES = { readTimeout: 300, writeTimeout: 500, connectTimeout: 200 }

/** Within this many ms after its deadline a call must have settled. */
const GRACE = 250

/** Each trouble: where the store goes, which calls fail how, and when at the earliest. */
const TROUBLES = [
  {
    name: 'a wrong password',
    address: () => `redis://full:wrong-${SECRET}@127.0.0.1:${server.port}`,
    code: 'AUTH',
    waits: false,
    says: [/127\.0\.0\.1:\d+ refused the login/, /check user name and password/]
  },
  {
    name: 'an unknown host',
    address: () => ({ host: 'no-such-host.invalid', password: SECRET }),
    code: 'UNREACHABLE',
    waits: true,
    says: [/no-such-host\.invalid:6379/, /check that Redis runs there/]
  },
  {
    name: 'nothing listening',
    address: () => ({ port: ports.none, password: SECRET }),
    code: 'UNREACHABLE',
    waits: true,
    says: [/127\.0\.0\.1:\d+: .*refused/, /check that Redis runs there/]
  },
  {
    name: 'a socket file that is not there',
    address: () => 'unix:///no/such/redis.sock',
    code: 'UNREACHABLE',
    waits: true,
    says: [/\/no\/such\/redis\.sock/]
  },
  {
    name: 'a web server',
    address: () => `redis://:${SECRET}@127.0.0.1:${ports.web}`,
    code: 'PROTOCOL',
    waits: true,
    says: [/does not answer as Redis does/, /check host and port/]
  },
  {
    name: 'a server that never answers',
    address: () => `redis://:${SECRET}@127.0.0.1:${ports.mute}`,
    code: 'UNREACHABLE',
    waits: true,
    says: [/nothing came back within 200 ms/]
  },
  {
    name: 'a plain server where TLS is wanted',
    address: () => ({ url: `rediss://:${SECRET}@127.0.0.1:${server.port}` }),
    code: 'TLS',
    waits: true,
    says: [/no TLS connection to 127\.0\.0\.1:\d+/, /check that it speaks TLS/]
  },
  {
    name: 'a database that the server does not have',
    address: () => `redis://127.0.0.1:${server.port}/99`,
    code: 'DATABASE',
    waits: false,
    says: [/has no database 99/, /choose a number below/]
  },
  {
    name: 'a SELECT that the ACL refuses',
    address: () => `redis://fixed:${SECRET}@127.0.0.1:${server.port}/2`,
    code: 'DATABASE',
    waits: false,
    says: [/does not let this user choose database 2: .*NOPERM/, /let it run SELECT/]
  },
  {
    name: 'commands that the ACL refuses',
    address: () => `redis://limited:${SECRET}@127.0.0.1:${server.port}`,
    code: 'NOPERM',
    waits: false,
    calls: ['saveIds', 'deleteIds', 'deleteAllIds'],
    says: [/replied "NOPERM/, /let this user run MSET/]
  },
  {
    name: 'a key of another type',
    address: () => server.url,
    code: 'WRONGTYPE',
    waits: false,
    calls: ['getExtId'],
    says: [/replied "WRONGTYPE/, /keep the store's keys to itself/]
  }
]

const CALLS = {
  saveIds: { args: [TOKEN, 1, 'x'], quiet: false, limit: TIMES.writeTimeout },
  getBotmaticId: { args: [TOKEN, 'x'], quiet: undefined, limit: TIMES.readTimeout },
  getExtId: { args: [TOKEN, 'hash'], quiet: undefined, limit: TIMES.readTimeout },
  deleteIds: { args: [TOKEN, 1, 'x'], quiet: false, limit: TIMES.writeTimeout },
  deleteAllIds: { args: [TOKEN], quiet: false, limit: TIMES.writeTimeout }
}

const checkError = (error, name, { code, says }) => {
  assert.ok(error instanceof createKeyStore.KeyStoreError)
  assert.ok(error instanceof Error)
  assert.deepEqual(
    [error.name, error.code, error.operation, error.integration],
    ['KeyStoreError', code, name, 'tok3…']
  )
  for (const pattern of says) assert.match(error.message, pattern)
}

const hasNoSecret = (text) => {
  assert.ok(!text.includes(SECRET), text)
  assert.ok(!text.includes(TOKEN), text)
}

for (const trouble of TROUBLES) {
  describe(trouble.name, () => {
    const names = trouble.calls ?? Object.keys(CALLS)

    test('quiet: false or undefined, told to onError and the debug log', async (t) => {
      const lines = debugLines(t)
      const errors = []
      const store = createKeyStore(trouble.address(), { ...TIMES, onError: (e) => errors.push(e) })
      const started = performance.now()
      await Promise.all(
        names.map(async (name) => {
          const { args, quiet, limit } = CALLS[name]
          assert.equal(await store[name](...args), quiet)
          const took = performance.now() - started
          assert.ok(took < limit + GRACE, `${name} took ${took} ms`)
          assert.equal(took >= limit - 1, trouble.waits, `${name} took ${took} ms`)
        })
      )
      assert.equal(errors.length, names.length)
      for (const error of errors) {
        checkError(error, error.operation, trouble)
        assert.ok(lines.some((line) => line.includes(error.message)))
      }
      assert.deepEqual(errors.map((error) => error.operation).sort(), [...names].sort())
      hasNoSecret([...lines, ...errors.map((error) => inspect(error))].join('\n'))
      await store.quit()
    })

    test('strict: a rejection', async () => {
      const store = createKeyStore(trouble.address(), { ...TIMES, strict: true })
      await Promise.all(
        names.map((name) =>
          assert.rejects(store[name](...CALLS[name].args), (error) => {
            checkError(error, name, trouble)
            return true
          })
        )
      )
      await store.quit()
    })
  })
}

test('a store that is closed', async () => {
  const errors = []
  const store = createKeyStore(server.url, { onError: (error) => errors.push(error) })
  assert.equal(await store.quit(), true)
  for (const [name, { args, quiet }] of Object.entries(CALLS)) {
    assert.equal(await store[name](...args), quiet)
  }
  assert.deepEqual(
    errors.map((error) => error.code),
    Array(5).fill('CLOSED')
  )
  assert.equal(await store.quit(), true)
})

test('more calls than maxPending', async () => {
  const options = { ...TIMES, strict: true, maxPending: 2 }
  const store = createKeyStore({ port: ports.none }, options)
  const waiting = [store.getExtId('i', 1), store.getExtId('i', 1)].map((call) => call.catch(String))
  await assert.rejects(store.saveIds('i', 1, 2), { code: 'BUSY', message: /2 calls wait already/ })
  await Promise.all(waiting)
  await assert.rejects(store.getExtId('i', 1), { code: 'UNREACHABLE' })
  await store.quit()
})

test('a client whose database does not exist goes on in database 0, as it does itself', async () => {
  const client = redis.createClient({ port: server.port, db: 99 })
  client.on('error', () => {})
  const store = createKeyStore(client)
  assert.equal(await store.saveIds('lenient', 1, 'x'), true)
  assert.equal(await server.command('get', 'lenient:b:1'), 'x')
  await store.quit()
})

test('a client that may not wait fails at once without a server, and works with one', async () => {
  const offline = { enable_offline_queue: false, retry_strategy: () => undefined }
  const lost = redis.createClient({ port: ports.none, ...offline })
  lost.on('error', () => {})
  const started = performance.now()
  assert.equal(await createKeyStore(lost).saveIds('i', 1, 'x'), false)
  assert.ok(performance.now() - started < 1_000)
  lost.end(true)

  const client = redis.createClient({ port: server.port, enable_offline_queue: false })
  const ready = once(client, 'ready')
  const store = createKeyStore(client)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await ready
  await store.quit()
})

test('the server restarted: what was called meanwhile is done afterwards', async (t) => {
  const lines = debugLines(t)
  const store = createKeyStore(server.url)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await server.kill()
  const calls = [store.saveIds('i', 2, 'y'), store.getExtId('i', 2), store.deleteIds('i', 2, 'y')]
  await server.restart()
  assert.deepEqual(await Promise.all(calls), [true, 'y', true])
  assert.ok(lines.some((line) => /connection lost: .*the server closed it/.test(line)))
  await store.quit()
})
