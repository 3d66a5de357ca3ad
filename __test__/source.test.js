/**
 * A client that cannot be followed, or need not be: what calls come to then. Its family is one of
 * our own, so that each of its questions can fail; the server is a real one.
 */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const createKeyStore = require('..')
const { NativeStore } = require('../lib/native/native-store')
const { withDefaults } = require('../lib/settings/options')
const { Source } = require('../lib/native/source')
const { outcome } = require('./support/outcome')
const { connections, contents, useServer } = require('./support/redis')

const server = useServer()
beforeEach(() => server.command('flushall'))

const TIMEOUTS = { connectTimeout: 5_000, responseTimeout: 5_000 }

const odd = {
  get message() {
    throw new Error('no message')
  },
  toString() {
    throw new Error('no text')
  }
}

/** A client in one object with the answers of its family, which a test may change. */
const openClient = (t, options) => {
  const client = {
    db: 0,
    isOpen: true,
    tell: () => {},
    settings: () => ({ host: '127.0.0.1', port: server.port, db: client.db, retry: true }),
    hasChanged: (known) => known.db !== client.db,
    ask: () => undefined
  }
  const family = {
    settings: () => client.settings(),
    hasChanged: (_, known) => client.hasChanged(known),
    ask: () => client.ask(),
    isOpen: () => client.isOpen,
    isClosed: () => !client.isOpen,
    watch: (_, tell) => (client.tell = tell),
    close: () => (client.isOpen = false)
  }
  const store = new NativeStore(Source.ofClient(client, family, TIMEOUTS), withDefaults(options))
  t.after(() => store.quit().catch(() => {}))
  return { client, store }
}

const CALLS = (store) => [
  () => store.saveIds('i', 2, 'y'),
  () => store.getBotmaticId('i', 'x'),
  () => store.getExtId('i', 1),
  () => store.deleteIds('i', 1, 'x'),
  () => store.deleteAllIds('i')
]

/** How a client comes to be one that cannot be followed. */
const FAULTS = {
  'its settings throw': (client) => {
    client.hasChanged = () => true
    client.settings = () => {
      throw new Error('unreadable')
    }
  },
  'its settings throw what has no text': (client) => {
    client.hasChanged = () => true
    client.settings = () => {
      throw odd
    }
  },
  'its settings throw undefined': (client) => {
    client.hasChanged = () => true
    client.settings = () => {
      throw undefined
    }
  },
  'the native side refuses its database': (client) => (client.db = 'four'),
  'the native side refuses its certificates': (client) => {
    const { settings } = client
    client.db = 4
    client.settings = () => ({ ...settings(), tls: { ca: ['none'], rejectUnauthorized: true } })
  },
  'it cannot be told whether it changed': (client) => {
    client.hasChanged = () => {
      throw new Error('unreadable')
    }
  },
  'it cannot be asked': (client) => {
    client.ask = () => {
      throw new Error('unreadable')
    }
  },
  'it cannot be told whether it is open': (client) => {
    Object.defineProperty(client, 'isOpen', {
      configurable: true,
      get() {
        throw new Error('unreadable')
      },
      set: () => {}
    })
  }
}

const mend = (client) =>
  Object.defineProperty(client, 'isOpen', { writable: true, enumerable: true, value: true })

for (const [fault, bring] of Object.entries(FAULTS)) {
  describe(`a client: ${fault}`, () => {
    test('calls fail and change nothing, those before are done, those after it is mended too', async (t) => {
      const errors = []
      const { client, store } = openClient(t, { onError: (error) => errors.push(error) })
      const own = { ...client }
      const before = store.saveIds('i', 1, 'x')
      bring(client)
      assert.doesNotThrow(() => client.tell())
      const failing = CALLS(store).map(outcome)
      assert.equal(store.stats().pending, 6)
      Object.assign(mend(client), own, { db: 3 })
      const after = store.saveIds('i', 3, 'z')
      assert.deepEqual(await Promise.all(failing), [false, undefined, undefined, false, false])
      assert.deepEqual(
        errors.map(({ code }) => code),
        Array(5).fill('UNREACHABLE')
      )
      for (const { message } of errors) {
        assert.match(message, /the client's settings cannot be used: .+; check what was changed/)
      }
      assert.deepEqual(await Promise.all([before, after]), [true, true])
      assert.deepEqual(await contents(server.command, 0), { 'i:b:1': 'x', 'i:e:x': '1' })
      assert.deepEqual(await contents(server.command, 3), { 'i:b:3': 'z', 'i:e:z': '3' })
      // As long as it lasts, and not longer.
      bring(client)
      assert.equal(await store.getExtId('i', 3), undefined)
      assert.equal(await store.getExtId('i', 3), undefined)
      Object.assign(mend(client), own, { db: 3 })
      assert.equal(await store.getExtId('i', 3), 'z')
      assert.equal(store.stats().pending, 0)
    })

    test('strict: they reject, and none throws', async (t) => {
      const { client, store } = openClient(t, { strict: true })
      await store.saveIds('i', 1, 'x')
      bring(client)
      for (const call of CALLS(store)) {
        assert.equal(await outcome(call), 'rejects KeyStoreError')
      }
      mend(client)
    })

    test('when it is opened again', async (t) => {
      const { client, store } = openClient(t)
      const own = { ...client }
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      client.isOpen = false
      client.tell()
      assert.equal(await store.getExtId('i', 1), undefined)
      client.isOpen = true
      bring(client)
      assert.doesNotThrow(() => client.tell())
      for (const call of CALLS(store)) {
        assert.ok([false, undefined].includes(await outcome(call)))
      }
      Object.assign(mend(client), own)
      assert.equal(await store.getExtId('i', 1), 'x')
    })
  })
}

test('a fault of a real client', async () => {
  const client = require('redis3').createClient(server.url)
  const errors = []
  const store = createKeyStore(client, { onError: (error) => errors.push(error) })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  const password = Object.getOwnPropertyDescriptor(client, 'auth_pass')
  Object.defineProperty(client, 'auth_pass', { configurable: true, value: odd })
  assert.equal(await outcome(() => store.getExtId('i', 1)), undefined)
  assert.equal(errors[0].code, 'UNREACHABLE')
  Object.defineProperty(client, 'auth_pass', password)
  assert.equal(await store.getExtId('i', 1), 'x')
  await store.quit()
})

test('settings that come to the same make no new connection', async (t) => {
  const { client, store } = openClient(t)
  client.hasChanged = () => true
  for (let n = 0; n < 5; n++) assert.equal(await store.saveIds('i', n, n), true)
  const [line] = await connections(server.command)
  client.db = 3
  client.tell()
  client.db = 0
  assert.equal(await store.getExtId('i', 1), '1')
  assert.equal(store.stats().reconnects, 0)
  const [same] = await connections(server.command)
  assert.equal(/ ?id=\d+/.exec(same)[0], / ?id=\d+/.exec(line)[0])
})

test('a client that is opened again: the counts go on', async (t) => {
  const { client, store } = openClient(t, { maxPending: 3 })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await server.command('client', 'pause', 200, 'all')
  const calls = [1, 2].map((id) => store.saveIds('i', id, 'y'))
  const { bytes } = store.stats()
  client.isOpen = false
  client.tell()
  client.isOpen = true
  assert.equal(store.stats().pending, 2)
  calls.push(store.getExtId('i', 2))
  assert.equal(store.stats().pending, 3)
  assert.equal(await store.getExtId('i', 1), undefined)
  assert.deepEqual(store.stats().failures, { BUSY: 1 })
  const middle = store.stats().bytes
  assert.deepEqual(await Promise.all(calls), [true, true, 'y'])
  const { calls: made, pending, reconnects, bytes: last } = store.stats()
  assert.deepEqual([made, pending, reconnects], [5, 0, 1])
  for (const way of ['sent', 'received']) {
    assert.ok(bytes[way] > 0 && middle[way] >= bytes[way] && last[way] > middle[way], way)
  }
})
