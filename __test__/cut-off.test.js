/**
 * Code that is stopped from outside in the middle of a call: by a time-out of `vm`, a full stack, a
 * debugger. What else is under way goes on, and nothing is left over.
 */

const assert = require('node:assert/strict')
const inspector = require('node:inspector')
const { describe, test } = require('node:test')
const vm = require('node:vm')
const redis5 = require('redis5')
const createKeyStore = require('..')
const { binding: native } = require('../lib/native/load')
const { KINDS } = require('./support/clients')
const { openStore, useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const server = useServer()

/** A promise, and what resolves it. */
const withResolvers = () => {
  let resolve
  const promise = new Promise((given) => (resolve = given))
  return { promise, resolve }
}

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
  "that waits for its client's credentials": async () =>
    createKeyStore(
      redis5.createClient({
        url: server.url,
        credentialsProvider: { type: 'async-credentials-provider', credentials: async () => ({}) }
      })
    ),
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

test('the stack is full at any point of the first calls, which wait for credentials', async (t) => {
  for (let round = 0; round < 40; round++) {
    const store = await STORES["that waits for its client's credentials"]()
    t.after(() => store.quit().catch(() => {}))
    const calls = []
    /** Up to the end of the stack, then back with a call from some frames. */
    const climb = (...pads) => {
      try {
        climb(...pads)
      } catch {
        // Deeper is nothing.
      }
      if (calls.length > 60) return
      try {
        calls.push(store.saveIds('climbed', round, `${calls.length}`))
      } catch (error) {
        assert.ok(error instanceof RangeError)
      }
    }
    climb(...Array(round % 20))
    // Who comes next has all the room it needs.
    calls.push(store.saveIds('climbed', round, `${calls.length}`))
    const found = store.getExtId('climbed', round)
    const settled = await Promise.allSettled(calls)
    for (const { status, value, reason } of settled) {
      // There was no room to read the client's settings.
      if (status === 'fulfilled') assert.ok(typeof value === 'boolean')
      else assert.ok(reason instanceof RangeError, String(reason))
    }
    assert.equal(settled.at(-1).value, true)
    assert.equal(await found, `${calls.length - 1}`)
    assert.equal(store.stats().pending, 0)
  }
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
    const link = native.Link.open(settings(), () => {}, settle, board, false)
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

  describe('what is held back goes in the order of its calls, whichever is released first', () => {
    /** Each is done on a link where `a` is saved behind key 1 and `b` behind key 2. */
    const CASES = {
      'the second first': [
        ['release', 2],
        ['save', 'c'],
        ['release', 1]
      ],
      'one that holds nothing': [
        ['release', 7],
        ['release', 1],
        ['fail', 7],
        ['release', 2]
      ],
      'the first fails': [
        ['fail', 1],
        ['save', 'c'],
        ['release', 2]
      ],
      'the second fails': [
        ['fail', 2],
        ['save', 'c'],
        ['release', 1]
      ],
      twice: [
        ['release', 1],
        ['release', 1],
        ['save', 'c'],
        ['release', 2],
        ['release', 2]
      ]
    }
    for (const [name, steps] of Object.entries(CASES)) {
      test(name, async () => {
        const board = new Int32Array(2)
        const settled = []
        let saves = 0
        const { promise, resolve } = withResolvers()
        const settle = (...list) => {
          for (let at = 0; at < list.length; at += 2) settled.push([list[at], list[at + 1]])
          if (settled.length === saves) resolve()
        }
        const { link, calls } = open(settle, board)
        const save = (extId) => {
          saves++
          calls.saveIds('held', 1, extId)
        }
        link.hold(1, 'the first')
        save('a')
        link.hold(2, 'the second')
        save('b')
        for (const [step, given] of steps) {
          assert.deepEqual(settled, [])
          if (step === 'save') save(given)
          else if (step === 'fail') link.fail(given, false, 'it failed')
          else link.release(given)
        }
        link.submit()
        await promise
        const failed = steps.find(([step, key]) => step === 'fail' && key < 3)?.[1]
        const answers = Array.from({ length: saves }, (_, n) => [n, n + 1 !== failed])
        assert.deepEqual(
          settled.sort(([a], [b]) => a - b),
          answers
        )
        const last = answers.findLast(([, isSaved]) => isSaved)[0]
        assert.equal(await server.command('get', 'held:b:1'), 'abc'[last])
      })
    }
  })
})
