/**
 * Code that is stopped from outside in the middle of a call: by a time-out of `vm`, a full stack, a
 * debugger. What else is under way goes on, and nothing is left over.
 */

const assert = require('node:assert/strict')
const inspector = require('node:inspector')
const { describe, test } = require('node:test')
const vm = require('node:vm')
const createKeyStore = require('..')
const { binding: native } = require('../lib/native/load')
const { KINDS } = require('./support/clients')
const { openStore, useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const server = useServer()

/** Long enough to be written for longer than the time-out, so that it strikes just after it. */
const LONG = 'x'.repeat(16 * 1024 * 1024)

/** Runs a script with a store that is stopped after 1 ms. */
const cutOff = (store, script) =>
  assert.throws(() => vm.runInNewContext(script, { store, LONG }, { timeout: 1 }), {
    code: 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  })

const SCRIPTS = {
  'after the call was made': 'store.getExtId("cut", LONG); for (;;);',
  'in the conversion of an id': 'store.saveIds("cut", { toString() { for (;;); } }, 1)',
  'in that of an integration id': 'store.deleteAllIds({ toString() { for (;;); } })',
  'in a conversion that makes calls':
    'store.getExtId("cut", { toString() { store.getExtId("cut", 1); for (;;); } })',
  'anywhere in many calls': 'for (;;) store.getExtId("cut", 1)'
}

/** Stores whose calls go different ways. */
const STORES = {
  'of a URL': () => createKeyStore(server.url),
  'of a client': async () =>
    createKeyStore(await KINDS['ioredis 5'].open({ host: '127.0.0.1', port: server.port })),
  'that somebody listens to': () => createKeyStore(server.url),
  'of a stub': () => createKeyStore(stub(byPromise))
}

for (const [name, create] of Object.entries(STORES)) {
  describe(`a store ${name}, stopped`, () => {
    for (const [where, script] of Object.entries(SCRIPTS)) {
      for (const place of ['first', 'in between']) {
        test(`${where}, ${place}`, async (t) => {
          const store = await create()
          if (name === 'that somebody listens to') {
            const { subscribe, unsubscribe } = require('node:diagnostics_channel')
            const listener = () => {}
            subscribe('js-redis-key-store:call', listener)
            t.after(() => unsubscribe('js-redis-key-store:call', listener))
          }
          t.after(() => store.quit().catch(() => {}))
          const others = []
          for (let n = 0; n < 3; n++) {
            if (place === 'in between') others.push(store.saveIds('i', n, `x${n}`))
            cutOff(store, script)
            others.push(store.saveIds('i', n, `x${n}`), store.getExtId('i', n))
          }
          const answers = (await Promise.all(others)).filter((answer) => answer !== true)
          assert.deepEqual(answers, ['x0', 'x1', 'x2'])
          // Those that were cut off after they were made.
          while (store.stats().pending > 0) await new Promise(setImmediate)
        })
      }
    }
  })
}

test('the stack is full at any point of a call', async (t) => {
  const store = await openStore(t, server, createKeyStore, { strict: true })
  const calls = []
  const call = () => {
    try {
      calls.push(store.saveIds('deep', 1, 'x'), store.getExtId('deep', 1))
    } catch (error) {
      // There was no room to call it at all.
      assert.ok(error instanceof RangeError)
    }
  }
  // Frames of several sizes come to the end of the stack in different places.
  const climbs = [
    () => climb(0),
    (a) => climb(0, a),
    (a, b) => climb(0, a, b),
    (a, b, c) => climb(0, a, b, c)
  ]
  let climb
  for (const next of climbs) {
    let depth = 0
    climb = (...given) => {
      depth++
      try {
        next(...given)
      } catch {
        // Deeper is nothing.
      }
      if (depth-- % 3 === 0 || calls.length % 100 < 50) call()
    }
    climb()
    await new Promise(setImmediate)
  }
  const settled = await Promise.allSettled(calls)
  const rejected = settled.filter(({ status }) => status === 'rejected')
  for (const { reason } of rejected) assert.ok(reason instanceof RangeError, String(reason))
  assert.ok(settled.length - rejected.length > 1_000)
  assert.equal(await store.getExtId('deep', 1), 'x')
  assert.equal(store.stats().pending, 0)
})

describe('a debugger stops the code', () => {
  const session = new inspector.Session()
  /** Never returns. */
  const stop = () => {
    session.post('Runtime.terminateExecution')
    for (;;);
  }

  test('of onError: the calls are settled, strict ones rejected', async (t) => {
    session.connect()
    t.after(() => session.disconnect())
    for (const strict of [true, false]) {
      const store = createKeyStore('redis://127.0.0.1:1', {
        strict,
        readTimeout: 20,
        onError: stop
      })
      const calls = [1, 2, 3].map((id) => store.getExtId('i', id))
      for (const { status, value, reason } of await Promise.allSettled(calls)) {
        assert.equal(status, strict ? 'rejected' : 'fulfilled')
        assert.equal(strict ? reason.code : value, strict ? 'UNREACHABLE' : undefined)
      }
      assert.deepEqual(store.stats().failures, { UNREACHABLE: 3 })
      assert.equal(store.stats().pending, 0)
    }
  })
})

describe('on the native side', () => {
  const settings = () => ({
    host: '127.0.0.1',
    port: server.port,
    db: 0,
    retry: true,
    connectTimeout: 5_000,
    responseTimeout: 5_000
  })
  const given = {
    strict: false,
    maxPending: 3,
    keyPrefix: '',
    readTimeout: 5_000,
    writeTimeout: 5_000
  }

  /** The native calls of a link that settles by `settle`. */
  const open = (settle, board) => {
    const link = native.Link.open(settings(), () => {}, settle, board)
    const store = new native.RedisKeyStore(
      given,
      () => {},
      () => {}
    )
    return { link, calls: store.calls(link) }
  }

  test('the settling of promises is stopped midway: the rest is settled all the same', async () => {
    const lists = []
    const board = new Int32Array(2)
    await new Promise((resolve) => {
      const settle = (...settled) => {
        lists.push(settled)
        if (settled.length > 2) throw new Error('stopped')
        if (lists.length === 4) resolve()
      }
      const { link, calls } = open(settle, board)
      for (const expected of [0, 1, 2]) {
        assert.equal(board[0], expected)
        calls.getExtId('none', 1)
      }
      link.submit()
    })
    assert.deepEqual(lists, [
      [0, null, 1, null, 2, null],
      [0, null],
      [1, null],
      [2, null]
    ])
    // All numbers are there to be given anew.
    assert.ok([0, 1, 2].includes(board[0]))
  })

  test('the end of a burst is lost: it sets off with the next that comes back', async () => {
    const settled = new Map()
    const board = new Int32Array(2)
    await new Promise((resolve) => {
      const settle = (...list) => {
        for (let at = 0; at < list.length; at += 2) settled.set(list[at], list[at + 1])
        if (settled.size === 4) resolve()
      }
      const { calls } = open(settle, board)
      for (let n = 0; n < 3; n++) calls.getExtId('none', 1)
      assert.equal(board[1], 1)
      // One too many.
      calls.saveIds('none', 1, 1)
    })
    assert.deepEqual(Object.fromEntries(settled), { 0: null, 1: null, 2: null, 3: false })
    assert.equal(board[1], 0)
  })
})
