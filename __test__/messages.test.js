/** What messages say: what happened, on which server, and what to do. */

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { after, describe, test } = require('node:test')
const createKeyStore = require('..')
const { freePort } = require('../scripts/redis')
const { useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const TOKEN = 'tok3n-of-an-integration'

const server = useServer()

/** A server that takes connections and says nothing. */
const mute = net.createServer((socket) => socket.on('error', () => {}))
const web = http.createServer()
after(() => [mute, web].map((each) => each.close()))

const portOf = async (listener) => {
  if (!listener.listening) await once(listener.listen(0, '127.0.0.1'), 'listening')
  return listener.address().port
}

const failing = async (address, call, options) => {
  const store = createKeyStore(address, { strict: true, ...options })
  const error = await call(store).then(
    () => assert.fail('it did not fail'),
    (reason) => reason
  )
  store.quit()
  assert.ok(!error.message.includes(TOKEN), error.message)
  return error
}

const lookup = (store) => store.getExtId(TOKEN, 1)
const save = (store) => store.saveIds(TOKEN, 1, 'x')

describe('the deadline that passed, and its option', () => {
  const options = { readTimeout: 200, writeTimeout: 300 }
  test('no server', async () => {
    const address = { port: await freePort() }
    const { code, message } = await failing(address, lookup, options)
    assert.equal(code, 'UNREACHABLE')
    assert.match(message, /failed: within 200 ms \(readTimeout\), no connection to 127/)
    const saving = await failing(address, save, options)
    assert.match(saving.message, /failed: within 300 ms \(writeTimeout\), no connection to 127/)
  })

  test('a server that keeps silent from the beginning was never connected to', async () => {
    const port = await portOf(mute)
    const plain = await failing({ port }, lookup, options)
    assert.equal(plain.code, 'UNREACHABLE')
    assert.match(
      plain.message,
      /within 200 ms \(readTimeout\), no connection to .*not answered yet/
    )
    const encrypted = await failing({ port, tls: true }, lookup, options)
    assert.equal(encrypted.code, 'TLS')
    assert.match(encrypted.message, /\(readTimeout\), no TLS connection to .*not answered yet/)
    const longer = await failing({ port }, lookup, { readTimeout: 400, connectTimeout: 100 })
    assert.match(longer.message, /nothing came back within 100 ms \(connectTimeout\)/)
  })

  test('a server that keeps silent later', async () => {
    const store = createKeyStore(server.url, { strict: true, readTimeout: 200 })
    await store.saveIds('i', 1, 'x')
    await server.command('client', 'pause', 400, 'all')
    await assert.rejects(store.getExtId('i', 1), {
      code: 'TIMEOUT',
      message: /within 200 ms \(readTimeout\), no answer came from 127\.0\.0\.1:\d+; check/
    })
    await store.quit()
  })

  test('a client that keeps silent', async () => {
    const silent = { ...stub(byPromise), get: () => new Promise(() => {}) }
    const { code, message } = await failing(silent, lookup, { readTimeout: 50 })
    assert.equal(code, 'TIMEOUT')
    assert.match(message, /within 50 ms \(readTimeout\), no answer came from the client; check/)
  })
})

test('a login that none was given for', async () => {
  await server.command('config', 'set', 'requirepass', 'hunter2')
  const none = await failing(server.url, lookup)
  const wrong = await failing(`redis://:hunter3@127.0.0.1:${server.port}`, lookup)
  await server.command('config', 'set', 'requirepass', '')
  assert.deepEqual([none.code, wrong.code], ['AUTH', 'AUTH'])
  assert.match(none.message, /127\.0\.0\.1:\d+ wants a login, and none was given: "NOAUTH .*; give/)
  assert.match(wrong.message, /127\.0\.0\.1:\d+ refused the login: "WRONGPASS .*; check user name/)
})

test('what is no Redis is said once', async () => {
  const { code, message } = await failing({ port: await portOf(web) }, lookup, {
    readTimeout: 300
  })
  assert.equal(code, 'PROTOCOL')
  assert.equal(message.match(/as Redis does/g).length, 1)
  assert.match(
    message,
    /does not answer as Redis does: what came is no reply in its protocol; check/
  )
})

describe('a key of another type is named', () => {
  for (const [name, prefix, call, key] of [
    ['of a botmatic id', '', (store) => store.getExtId(TOKEN, 'hash'), 'tok3…:b:hash'],
    ['of an external id', '', (store) => store.getBotmaticId(TOKEN, 'hash'), 'tok3…:e:hash'],
    ['with a prefix', 'p:', (store) => store.getExtId(TOKEN, 'hash'), 'p:tok3…:b:hash']
  ]) {
    test(name, async () => {
      const half = key.at(-6)
      await server.command('hset', `${prefix}${TOKEN}:${half}:hash`, 'f', 'v')
      const error = await failing(server.url, call, { keyPrefix: prefix })
      assert.equal(error.code, 'WRONGTYPE')
      assert.ok(error.message.includes(` for the key "${key}"; another program`), error.message)
    })
  }

  test('a long id in part, and what would end a line escaped', async () => {
    const id = `a\r\nb${'x'.repeat(1_000)}`
    await server.command('hset', `${TOKEN}:b:${id}`, 'f', 'v')
    const { message } = await failing(server.url, (store) => store.getExtId(TOKEN, id))
    assert.match(message, /:b:a\\r\\nbx{60}…"/)
  })
})

test('a client that fails: what to do stands there, too', async () => {
  const broken = {
    ...stub(byPromise),
    get: async () => {
      throw new Error('OOM command not allowed')
    }
  }
  const { code, message } = await failing(broken, lookup)
  assert.equal(code, 'OOM')
  assert.match(
    message,
    /the client answered "OOM .*"; give the server more memory, and keep .*noeviction/
  )
})
