/** What is given as an id and is none: the quiet answer, told to whoever listens, refused by `strict`. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { inspect } = require('node:util')
const { beforeEach, describe, test } = require('node:test')
const vm = require('node:vm')
const bluebird = require('bluebird')
const redis5 = require('redis5')
const createKeyStore = require('..')
const { useFolder } = require('./support/backends')
const { prompt, provider, state } = require('./support/credentials')
const { debugLines } = require('./support/debug')
const { messages } = require('./support/messages')
const { contents, useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const TOKEN = 'tok3n-of-an-integration'

const server = useServer()
const folder = useFolder()
beforeEach(() => server.command('flushall'))

const EMPTY = /is empty, which is no id; pass a string, a number or an object/
const ARRAY = /is an array, which is no id; pass/
const FUNCTION = /is a function, which is no id; pass/
const PROMISE = /is a promise, which is no id; await it first/
const OBJECT = /is an object without a text of its own, which is no id; pass/

/** Each no-id, and what is said of it. */
const NO_IDS = {
  undefined: [undefined, /is undefined, which is no id; pass/],
  null: [null, /is null, which is no id; pass/],
  NaN: [NaN, /is NaN, which is no id; pass/],
  'an empty string': ['', EMPTY],
  'an object with an empty text': [{ toString: () => '' }, EMPTY],
  'an empty Buffer': [Buffer.alloc(0), EMPTY],
  'an array': [['a'], ARRAY],
  'an array of another realm': [vm.runInNewContext('[1]'), ARRAY],
  'a function': [() => 'x', FUNCTION],
  'a class': [class {}, FUNCTION],
  'a promise': [Promise.resolve('secret'), PROMISE],
  'a promise of another realm': [vm.runInNewContext('Promise.resolve(1)'), PROMISE],
  'a promise of bluebird': [bluebird.resolve(1), PROMISE],
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  'a query with a text': [{ then() {}, toString: () => 'secret' }, PROMISE],
  'a plain object': [{ id: 'secret' }, OBJECT],
  'an object of a class': [new (class Contact {})(), OBJECT],
  'an object of another realm': [vm.runInNewContext('({})'), OBJECT],
  'a Map': [new Map([[1, 2]]), OBJECT],
  'an object with a tag': [{ [Symbol.toStringTag]: 'Contact' }, OBJECT]
}

/** Text of its own, also where it looks odd. */
const IDS = {
  zero: [0, '0'],
  'negative zero': [-0, '0'],
  false: [false, 'false'],
  'a bigint': [10n, '10'],
  'the text [object Object]': ['[object Object]', '[object Object]'],
  'an object with a text': [{ toString: () => 'own' }, 'own'],
  'an object with a primitive': [{ [Symbol.toPrimitive]: () => 'own' }, 'own'],
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  'an object whose then is data': [{ then: 5, toString: () => 'own' }, 'own'],
  'a String': [Object('own'), 'own'],
  'a Date': [new Date(0), String(new Date(0))]
}

const waiting = (options) =>
  createKeyStore(redis5.createClient({ url: server.url, credentialsProvider: provider() }), options)

const STORES = {
  native: (options) => createKeyStore(server.url, options),
  'waiting for credentials': waiting,
  delegated: (options) => createKeyStore(stub(byPromise), options),
  'in a file': (options) => createKeyStore(`file:${path.join(folder.path, 'ids.redb')}`, options),
  'in memory': (options) => createKeyStore('memory:', options)
}

/** The calls of a store with a no-id in each place, and which id that is. */
const calls = (store, id) => [
  ['saveIds', 'botmatic id', false, () => store.saveIds(TOKEN, id, 'x')],
  ['saveIds', 'external id', false, () => store.saveIds(TOKEN, 1, id)],
  ['getExtId', 'botmatic id', null, () => store.getExtId(TOKEN, id)],
  ['getBotmaticId', 'external id', null, () => store.getBotmaticId(TOKEN, id)],
  ['deleteIds', 'botmatic id', false, () => store.deleteIds(TOKEN, id, 'x')],
  ['deleteIds', 'external id', false, () => store.deleteIds(TOKEN, 1, id)]
]

const check = (error, operation, which, says) => {
  assert.ok(error instanceof createKeyStore.KeyStoreError)
  const { code, integration } = error
  assert.deepEqual([code, error.operation, integration], ['NOID', operation, 'tok3…'])
  assert.match(error.message, says)
  assert.match(error.message, new RegExp(`"tok3…" failed: the ${which} is `))
  assert.doesNotMatch(inspect(error), /secret/)
}

for (const [kind, open] of Object.entries(STORES)) {
  describe(`a store that is ${kind}`, () => {
    for (const [name, [id, says]] of Object.entries(NO_IDS)) {
      test(`${name}: quiet, but told`, async (t) => {
        const lines = debugLines(t)
        const heard = messages(t, 'call')
        const told = []
        const store = open({ onError: (error) => told.push(error) })
        for (const [operation, which, quiet, call] of calls(store, id)) {
          const answer = call()
          assert.equal(told.length, 0, 'nobody hears of it before the call returns')
          assert.equal(await answer, quiet)
          check(told[0], operation, which, says)
          assert.ok(lines.some((line) => line.includes(told[0].message)))
          told.length = 0
        }
        const { calls: made, failures, pending } = store.stats()
        assert.deepEqual([made, failures, pending], [6, { NOID: 6 }, 0])
        assert.deepEqual(
          heard.map(({ outcome, attempts }) => [outcome, attempts]),
          Array(6).fill(['NOID', 0])
        )
      })

      test(`${name}: strict`, async () => {
        const store = open({ strict: true })
        for (const [operation, which, , call] of calls(store, id)) {
          await assert.rejects(call(), (error) => {
            check(error, operation, which, says)
            return true
          })
        }
      })
    }

    test('the first of two is told', async () => {
      await assert.rejects(open({ strict: true }).saveIds('i', null, undefined), /id is null/)
      await assert.rejects(
        open({ strict: true }).saveIds('i', '', undefined),
        /id is (undef|empty)/
      )
    })

    test('an id is answered at once, whatever the server does', async () => {
      const store = open({})
      const answers = [store.saveIds('i', null, 1), store.getExtId('i', [])].map(state)
      assert.deepEqual(await Promise.all(answers), [false, null])
    })

    test('what a getter throws is the answer', async () => {
      const odd = {
        // biome-ignore lint/suspicious/noThenProperty: it is what is tested
        get then() {
          throw new RangeError('own')
        }
      }
      await assert.rejects(open({}).getExtId('i', odd), { name: 'RangeError', message: 'own' })
    })
  })
}

for (const kind of ['native', 'delegated', 'in a file', 'in memory']) {
  for (const [name, [id, text]] of Object.entries(IDS)) {
    test(`${kind}: ${name} is an id`, async () => {
      const store = STORES[kind]({ strict: true })
      assert.equal(await store.saveIds('i', 1, id), true)
      assert.equal(await store.getExtId('i', 1), text)
      assert.equal(await store.getBotmaticId('i', id), '1')
      assert.equal(await store.deleteIds('i', 1, id), true)
      await store.quit()
    })
  }
}

for (const kind of ['in a file', 'in memory']) {
  test(`${kind}: nothing is written or deleted`, async () => {
    const store = STORES[kind]({})
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    for (const [id] of Object.values(NO_IDS)) {
      await Promise.all(calls(store, id).map(([, , , call]) => call()))
      await Promise.all([store.saveIds('i', 1, id), store.deleteIds('i', id, 'x')])
    }
    assert.equal(await store.getExtId('i', 1), 'x')
    assert.equal(await store.getBotmaticId('i', 'x'), '1')
    assert.equal(await store.getExtId(TOKEN, 1), null)
    await store.quit()
  })
}

test('nothing is written or deleted, also once credentials are there', async () => {
  await server.command('mset', 'i:b:1', 'x', 'i:e:x', '1')
  const client = redis5.createClient({ url: server.url, credentialsProvider: prompt({}) })
  const store = createKeyStore(client)
  for (const [id] of Object.values(NO_IDS)) {
    await Promise.all([
      store.saveIds('i', id, 'x'),
      store.saveIds('i', 1, id),
      store.deleteIds('i', id, 'x'),
      store.deleteIds('i', 1, id)
    ])
  }
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.deepEqual(await contents(server.command), { 'i:b:1': 'x', 'i:e:x': '1' })
  await store.quit().catch(() => {})
})

test('a closed store says that it is closed', async () => {
  for (const kind of ['native', 'delegated', 'in a file', 'in memory']) {
    const store = STORES[kind]({ strict: true })
    await store.quit()
    await assert.rejects(store.saveIds('i', null, 1), { code: 'CLOSED' })
  }
})
