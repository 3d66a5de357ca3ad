/** Calls on many pairs at once, over a connection of the store's own and over a client's commands. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const ioredis = require('ioredis')
const redis = require('redis3')
const createKeyStore = require('..')
const { KeyStoreError } = createKeyStore
const { open } = require('./support/open')
const { contents, useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const server = useServer()

/** A client of ioredis that is served through its own commands: a retry strategy of its own says so. */
const delegated = () => {
  const { get, set, del, mset, scan, keys, quit, disconnect, _client } = wrap(
    new ioredis(server.port)
  )
  return { get, set, del, mset, scan, keys, quit, disconnect, _client }
}

/** The commands of a client as an object that shows no place. */
const wrap = (client) => {
  const names = ['get', 'set', 'del', 'mset', 'scan', 'keys', 'quit', 'disconnect']
  return Object.fromEntries(names.map((name) => [name, (...args) => client[name](...args)]))
}

const KINDS = {
  'of its own connection': () => server.url,
  'over a client of redis 3': () => redis.createClient(server.port),
  "over a client's commands": delegated,
  'over a stub': () => stub(byPromise)
}

/** A store on the emptied server. */
const fresh = async (t, what, options) => {
  await server.command('flushall')
  return open(t, what, options)
}

const pairsOf = (count) => Array.from({ length: count }, (_, n) => [n, `x${n}`])

const FORMS = {
  'an array': (pairs) => pairs,
  'an iterable': (pairs) => new Set(pairs),
  async *'an async iterable'(pairs) {
    for (const pair of pairs) {
      if (pair[0] % 1_000 === 0) await new Promise(setImmediate)
      yield pair
    }
  }
}

for (const [kind, what] of Object.entries(KINDS)) {
  describe(`a store ${kind}`, () => {
    for (const [form, make] of Object.entries(FORMS)) {
      test(`saves, finds and deletes what ${form} gives, in its order`, async (t) => {
        const store = await fresh(t, what())
        const pairs = pairsOf(2_500)
        const saved = await store.saveAllIds('i', make(pairs))
        assert.deepEqual(saved, { saved: 2_500, failed: [], failedCount: 0 })
        assert.equal(await store.getExtId('i', 2_499), 'x2499')
        assert.equal(await store.getBotmaticId('i', 'x0'), '0')

        const asked = [...pairs.slice(0, 1_200), ['none', 'none']]
        const botmaticIds = FORMS[form](asked.map(([botmaticId]) => [botmaticId]))
        const exts = await store.getExtIds('i', each(botmaticIds))
        assert.deepEqual(exts, [...asked.slice(0, -1).map(([, ext]) => ext), null])
        const botmatics = await store.getBotmaticIds('i', new Set(asked.map(([, ext]) => ext)))
        assert.deepEqual(botmatics, [...asked.slice(0, -1).map(([id]) => String(id)), null])

        const gone = await store.deleteManyIds(
          'i',
          make([
            [3, 'x3'],
            [3, 'x3'],
            [4, 'other']
          ])
        )
        assert.deepEqual(gone, [true, false, false])
        assert.deepEqual(await store.getExtIds('i', [3, 4, 5]), [null, null, 'x5'])
      })
    }

    test('what is no pair or no id fails by itself, the rest goes on', async (t) => {
      const store = await fresh(t, what())
      const throwing = { toString: () => assert.fail('no text') }
      const pairs = [[1, 'a'], [null, 'b'], ['c'], 'de', undefined, [2, 'f', 'g'], [3, throwing]]
      const result = await store.saveAllIds('i', [...pairs, [Symbol('4'), 'h'], [5, 'e']])
      const failed = [1, 2, 3, 4, 5, 6, 7].map((index) => ({ index, code: 'NOID' }))
      assert.deepEqual(result, { saved: 2, failed, failedCount: 7 })
      assert.deepEqual(await store.getExtIds('i', [1, null, 2, 5, '']), [
        'a',
        null,
        null,
        'e',
        null
      ])
      const gone = await store.deleteManyIds('i', [[1, undefined], 'no pair', [5, 'e']])
      assert.deepEqual(gone, [false, false, true])
      await assert.rejects(store.getExtIds('i', [Symbol('s')]), TypeError)
      await assert.rejects(store.getExtIds(Symbol('s'), [1]), TypeError)
    })

    test('after quit() all fails with CLOSED; the first thousand are told', async (t) => {
      const store = await fresh(t, what())
      await store.quit()
      const result = await store.saveAllIds('i', pairsOf(1_500))
      assert.equal(result.saved, 0)
      assert.equal(result.failedCount, 1_500)
      assert.equal(result.failed.length, 1_000)
      assert.deepEqual(result.failed[999], { index: 999, code: 'CLOSED' })
      assert.deepEqual(await store.getExtIds('i', [1, 2]), [undefined, undefined])
      assert.deepEqual(await store.deleteManyIds('i', [[1, 'x1']]), [false])
      assert.equal(store.stats().failures.CLOSED, 1_503)
    })

    test('a strict store rejects with the first failure, but saveAllIds tells of all', async (t) => {
      const store = await fresh(t, what(), { strict: true })
      const isNoId = ({ name, code }) => name === 'KeyStoreError' && code === 'NOID'
      await assert.rejects(store.getExtIds('i', [1, null]), isNoId)
      await assert.rejects(store.getBotmaticIds('i', [[]]), isNoId)
      await assert.rejects(store.deleteManyIds('i', [[1, '']]), isNoId)
      const failed = [{ index: 0, code: 'NOID' }]
      const result = await store.saveAllIds('i', [['', 1]])
      assert.deepEqual(result, { saved: 0, failed, failedCount: 1 })
    })
  })
}

/** The first of each. */
const each = (source) =>
  Array.isArray(source)
    ? source.map(([first]) => first)
    : {
        async *[Symbol.asyncIterator]() {
          for await (const [first] of source) yield first
        }
      }

test('the keys are those of single calls', async (t) => {
  const store = await fresh(t, server.url)
  await store.saveAllIds('i', [
    [1, 'x'],
    [10n, 'y\0\r\n'],
    [true, '\ud800']
  ])
  const saved = await contents(server.command)
  await server.command('flushall')
  await Promise.all([store.saveIds('i', 1, 'x'), store.saveIds('i', 10n, 'y\0\r\n')])
  await store.saveIds('i', true, '\ud800')
  assert.deepEqual(saved, await contents(server.command))
})

test('what is called after saveAllIds of an array sees what it saves, awaited or not', async (t) => {
  const store = await fresh(t, server.url)
  const saved = store.saveAllIds('i', [
    [1, 'a'],
    [1, 'b']
  ])
  const found = store.getExtId('i', 1)
  const again = store.saveAllIds('i', [[1, 'c']])
  assert.equal(await found, 'b')
  await Promise.all([saved, again])
  assert.equal(await store.getExtId('i', 1), 'c')
})

test('a failure is told to onError and counted, and a lookup that failed is undefined', async (t) => {
  const told = []
  const store = await fresh(t, server.url, { onError: ({ code }) => told.push(code) })
  await server.command('lpush', 'i:b:1', 'x')
  assert.deepEqual(await store.getExtIds('i', [1, 2]), [undefined, null])
  assert.deepEqual(told, ['WRONGTYPE'])
  assert.deepEqual(store.stats().failures, { WRONGTYPE: 1 })
  const strict = open(t, server.url, { strict: true })
  await assert.rejects(strict.getExtIds('i', [2, 1]), (error) => {
    assert.ok(error instanceof KeyStoreError)
    assert.equal(error.code, 'WRONGTYPE')
    assert.equal(error.operation, 'getExtId')
    return true
  })
})

test('an iterable is read no further ahead than some thousands, also when calls wait', async (t) => {
  const store = await fresh(t, server.url)
  await store.saveIds('i', 0, 'x0')
  let read = 0
  const source = function* () {
    for (; read < 100_000; read++) yield [read, `x${read}`]
  }
  await server.command('client', 'pause', 300)
  const saved = store.saveAllIds('i', source())
  // One answer is enough to know that the pause is over.
  const paused = store.getExtId('i', 0)
  await new Promise(setImmediate)
  assert.ok(read > 0 && read <= 8_000, `${read} read`)
  await paused
  assert.equal((await saved).saved, 100_000)
})

describe('no more wait at once than maxPending allows', () => {
  for (const [kind, what] of Object.entries(KINDS)) {
    for (const maxPending of [1, 2, 7, 40]) {
      test(`${maxPending}, ${kind}`, async (t) => {
        const store = await fresh(t, what(), { maxPending })
        const { saved } = await store.saveAllIds('i', pairsOf(500))
        assert.equal(saved, 500)
        const ids = pairsOf(500).map(([id]) => id)
        const found = await store.getExtIds('i', ids)
        assert.equal(found[499], 'x499')
      })
    }
  }
})

test('progress is told in order; what onProgress throws harms nothing', async (t) => {
  const store = await fresh(t, server.url)
  const told = []
  const onProgress = (progress) => {
    told.push(progress)
    throw new Error('of the application')
  }
  await store.saveAllIds('i', [...pairsOf(2_500), [null, 1]], { onProgress })
  assert.deepEqual(told, [
    { done: 1_000, failed: 0, total: 2_501 },
    { done: 2_000, failed: 0, total: 2_501 },
    { done: 2_501, failed: 1, total: 2_501 }
  ])
  told.length = 0
  await store.getExtIds('i', new Set([1]), { onProgress })
  assert.deepEqual(told, [{ done: 1, failed: 0, total: undefined }])
})

describe('what ends early', () => {
  /** An async iterable that counts how often it was left, and does `then` after some pairs. */
  const source = (state, then) => ({
    [Symbol.asyncIterator]: () => ({
      read: 0,
      async next() {
        if (this.read === 1_500) await then()
        return { done: false, value: [this.read, `x${this.read++}`] }
      },
      async return() {
        state.left = (state.left ?? 0) + 1
        return { done: true }
      }
    })
  })

  test('an iterable that throws: it rejects with that, once what was under way has settled', async (t) => {
    const store = await fresh(t, server.url)
    const state = {}
    const fail = async () => {
      throw new Error('the file is gone')
    }
    await assert.rejects(store.saveAllIds('i', source(state, fail)), /the file is gone/)
    assert.equal(state.left, undefined)
    assert.equal(store.stats().pending, 0)
    assert.equal(await store.getExtId('i', 999), 'x999')
    assert.equal(await store.getExtId('i', 1_001), null)
  })

  test('an abort does not wait for an iterable that gives nothing, and leaves it', async (t) => {
    const store = await fresh(t, server.url)
    const state = {}
    const abort = new AbortController()
    const hang = () => {
      abort.abort(new Error('enough'))
      return new Promise(() => {})
    }
    const { signal } = abort
    await assert.rejects(store.saveAllIds('i', source(state, hang), { signal }), /enough/)
    assert.equal(state.left, 1)
    assert.equal(store.stats().pending, 0)
    assert.equal(await store.getExtId('i', 999), 'x999')
  })

  test('an abort between chunks leaves a generator, whose finally runs', async (t) => {
    const store = await fresh(t, server.url)
    const abort = new AbortController()
    let isLeft = false
    const generator = function* () {
      try {
        for (let n = 0; ; n++) {
          if (n === 5_500) abort.abort()
          yield [n, `x${n}`]
        }
      } finally {
        isLeft = true
      }
    }
    const { signal } = abort
    const saving = store.saveAllIds('i', generator(), { signal })
    await assert.rejects(saving, { name: 'AbortError' })
    assert.ok(isLeft)
    assert.equal(store.stats().pending, 0)
    assert.equal(await store.getExtId('i', 4_999), 'x4999')
    assert.equal(await store.getExtId('i', 5_001), null)
  })

  for (const [kind, what] of Object.entries({ ...KINDS, 'in memory': () => 'memory:' })) {
    test(`an abort once all is under way, ${kind}: it rejects once that has settled`, async (t) => {
      const store = await fresh(t, await what())
      const abort = new AbortController()
      const { signal } = abort
      const saving = store.saveAllIds('i', pairsOf(3_000), { signal })
      const ids = pairsOf(3_000).map(([id]) => id)
      const finding = store.getExtIds('i', ids, { signal })
      abort.abort(new Error('enough'))
      await assert.rejects(saving, /enough/)
      await assert.rejects(finding, /enough/)
      assert.equal(store.stats().pending, 0)
      assert.equal(await store.getExtId('i', 2_999), 'x2999')
    })
  }

  test('an abort is the reason also of lookups that fail then', async (t) => {
    const store = open(t, 'redis://127.0.0.1:1', { readTimeout: 300, strict: true })
    const signal = AbortSignal.timeout(50)
    await assert.rejects(store.getExtIds('i', [1, 2], { signal }), { name: 'TimeoutError' })
  })

  test('a signal that has no more than the types ask for', async (t) => {
    const store = open(t, 'memory:')
    const listeners = new Set()
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener: (_, listener) => listeners.add(listener),
      removeEventListener: (_, listener) => listeners.delete(listener)
    }
    await store.saveAllIds('i', pairsOf(10), { signal })
    assert.equal(await store.countIds('i', { signal }), 10)
    assert.equal((await store.verifyIds('i', { signal })).pairs, 10)
    assert.equal(listeners.size, 0)
    Object.assign(signal, { aborted: true, reason: new Error('enough') })
    await assert.rejects(store.countIds('i', { signal }), /enough/)
    await assert.rejects(store.saveAllIds('i', pairsOf(10), { signal }), /enough/)
  })

  test('with a signal that was aborted before, nothing is read or sent', async (t) => {
    const store = await fresh(t, server.url)
    const unread = { [Symbol.iterator]: () => assert.fail('read') }
    const signal = AbortSignal.abort()
    await assert.rejects(store.saveAllIds('i', unread, { signal }), { name: 'AbortError' })
    assert.equal(store.stats().calls, 0)
  })
})

test('what cannot be gone through, and options that are none, reject with a TypeError', async (t) => {
  const store = await fresh(t, server.url)
  for (const wrong of [undefined, null, 7, 'abc', {}, () => {}]) {
    await assert.rejects(store.getExtIds('i', wrong), /TypeError: .*pass an array/)
  }
  const refused = (options, message) =>
    assert.rejects(store.saveAllIds('i', [], options), { name: 'TypeError', message })
  for (const none of [null, 7, 'abc', []]) await refused(none, /the options must be an object/)
  await refused({ signl: 1 }, /unknown option "signl"; known are signal, onProgress/)
  await refused({ signal: {} }, /"signal" must be an AbortSignal/)
  await refused({ onProgress: 1 }, /"onProgress" must be a function/)
})
