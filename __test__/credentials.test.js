/** Calls that wait for a client's credentials provider keep the contract of all others. */

const assert = require('node:assert/strict')
const diagnostics = require('node:diagnostics_channel')
const { once } = require('node:events')
const { beforeEach, describe, test } = require('node:test')
const createKeyStore = require('..')
const { connections, contents, disconnected, useServer } = require('./support/redis')

const { ANN, BOB, allow, prompt, provider, state } = require('./support/credentials')
const server = useServer({ prepare: allow })
beforeEach(() => server.command('flushall'))

/** Within this many ms after its deadline a call must have settled. */
const GRACE = 250

for (const version of [5, 6]) {
  const { createClient } = require(`redis${version}`)

  describe(`redis ${version}`, () => {
    const open = (t, credentialsProvider, options) => {
      const client = createClient({ url: server.url, credentialsProvider })
      const store = createKeyStore(client, options)
      t.after(async () => {
        await store.quit().catch(() => {})
        await disconnected(server.command)
      })
      return { client, store }
    }

    describe('a call that waits for its credentials', () => {
      test('has its ids taken when it is made', async (t) => {
        const credentialsProvider = provider()
        const { store } = open(t, credentialsProvider)
        const id = Buffer.from('aaa')
        const text = { toString: () => String(id) }
        const calls = [store.saveIds('i', id, 'first'), store.saveIds(text, 1, text)]
        id.write('bbb')
        calls.push(store.saveIds('i', id, 'second'))
        await new Promise(setImmediate)
        credentialsProvider.answer()
        assert.deepEqual(await Promise.all(calls), [true, true, true])
        assert.deepEqual(await contents(server.command), {
          'aaa:b:1': 'aaa',
          'aaa:e:aaa': '1',
          'i:b:aaa': 'first',
          'i:b:bbb': 'second',
          'i:e:first': 'aaa',
          'i:e:second': 'bbb'
        })
      })

      test('answers what needs no server at once', async (t) => {
        const { store } = open(t, provider(), { strict: true, connectTimeout: 500 })
        const cannot = () => {
          throw new RangeError('no text')
        }
        const calls = [
          store.saveIds('i', undefined, 'x'),
          store.getExtId('i', ''),
          store.getBotmaticId('i', Symbol('s')),
          store.deleteIds('i', { toString: cannot }, 1),
          store.deleteAllIds(Symbol('s')),
          store.getExtId('i', 1)
        ]
        const expected = [
          'rejects NOID',
          'rejects NOID',
          'rejects TypeError',
          'rejects RangeError',
          'rejects TypeError',
          'waits'
        ]
        assert.deepEqual(await Promise.all(calls.map(state)), expected)
        assert.equal(store.stats().pending, 1)
        await assert.rejects(calls.at(-1), { code: 'AUTH' })
      })

      test('counts and is told as any other', async (t) => {
        const credentialsProvider = provider()
        const { store } = open(t, credentialsProvider, { maxPending: 2 })
        const heard = []
        const listener = (message) => heard.push(message)
        diagnostics.subscribe('js-redis-key-store:call', listener)
        t.after(() => diagnostics.unsubscribe('js-redis-key-store:call', listener))
        const calls = [store.saveIds('i', 1, 'x'), store.getExtId('i', 1)]
        assert.equal(store.stats().pending, 2)
        assert.equal(await store.saveIds('i', 2, 'y'), false)
        assert.equal(store.stats().pending, 2)
        assert.deepEqual(store.stats().failures, { BUSY: 1 })
        await new Promise((resolve) => setTimeout(resolve, 20))
        credentialsProvider.answer()
        assert.deepEqual(await Promise.all(calls), [true, 'x'])
        const { calls: made, pending } = store.stats()
        assert.deepEqual([made, pending], [3, 0])
        const told = heard.map(({ operation, outcome, attempts }) => [operation, outcome, attempts])
        assert.deepEqual(told, [
          ['saveIds', 'BUSY', 0],
          ['saveIds', 'true', 1],
          ['getExtId', 'found', 1]
        ])
        for (const { milliseconds } of heard.slice(1)) assert.ok(milliseconds >= 19)
      })

      test('fails at its deadline, when the provider never answers', async (t) => {
        const credentialsProvider = provider()
        const errors = []
        const onError = (error) => errors.push(error)
        const times = { readTimeout: 100, writeTimeout: 300 }
        const { store } = open(t, credentialsProvider, { ...times, onError })
        const started = performance.now()
        const settles = async (call, limit) => {
          const answer = await call
          const took = performance.now() - started
          assert.ok(took >= limit - 1 && took < limit + GRACE, `${took} ms of ${limit}`)
          return answer
        }
        const calls = [
          settles(store.saveIds('secret-token', 1, 'x'), 300),
          settles(store.getExtId('i', 1), 100)
        ]
        assert.deepEqual(await Promise.all(calls), [false, undefined])
        for (const { code, message } of errors) {
          assert.equal(code, 'UNREACHABLE')
          assert.match(message, /no connection to 127.*the client has not told its login/)
        }
        assert.deepEqual(
          errors.map(({ integration }) => integration),
          ['i', 'secr…']
        )
        // What has passed its deadline is never sent.
        credentialsProvider.answer()
        assert.equal(await store.getExtId('secret-token', 1), null)
      })

      test('has one deadline, of which the wait is a part', async (t) => {
        const credentialsProvider = provider()
        const { store } = open(t, credentialsProvider, { readTimeout: 400 })
        const started = performance.now()
        const call = store.getExtId('i', 1)
        process.kill(server.pid, 'SIGSTOP')
        await new Promise((resolve) => setTimeout(resolve, 250))
        credentialsProvider.answer()
        assert.equal(await call, undefined)
        process.kill(server.pid, 'SIGCONT')
        const took = performance.now() - started
        assert.ok(took >= 399 && took < 400 + GRACE, `${took} ms`)
      })

      test('keeps its place', async (t) => {
        const credentialsProvider = provider()
        const { store } = open(t, credentialsProvider)
        const calls = [store.saveIds('i', 1, 'x'), store.getExtId('i', 1), store.deleteAllIds('i')]
        await new Promise(setImmediate)
        credentialsProvider.answer()
        calls.push(store.getExtId('i', 1), store.saveIds('i', 1, 'y'), store.getExtId('i', 1))
        assert.deepEqual(await Promise.all(calls), [true, 'x', true, null, true, 'y'])
        assert.equal(credentialsProvider.asked, 1)
      })

      test('goes to the database of when it was made', async (t) => {
        const credentialsProvider = prompt(ANN)
        const { client, store } = open(t, credentialsProvider)
        await client.connect()
        const slow = provider()
        client.options.credentialsProvider = slow
        const calls = [store.saveIds('i', 1, 'zero')]
        await client.select(4)
        calls.push(store.saveIds('i', 1, 'four'), store.getExtId('i', 1))
        await client.select(5)
        calls.push(store.saveIds('i', 1, 'five'))
        slow.answer(BOB)
        assert.deepEqual(await Promise.all(calls), [true, true, 'four', true])
        for (const [db, value] of Object.entries({ 0: 'zero', 4: 'four', 5: 'five' })) {
          assert.equal((await contents(server.command, db))['i:b:1'], value)
        }
        await server.command('select', 0)
        assert.match((await connections(server.command))[0], / db=5 .* user=bob /)
      })
    })

    describe('a provider that fails', () => {
      const odd = {
        toString() {
          throw new Error('odd')
        }
      }
      const reasons = [new Error('no token'), 'no token', undefined, null, Symbol('s'), odd]
      for (const reason of reasons) {
        const name = reason === odd ? 'something without text' : String(reason)
        test(`with ${name}: the call fails with AUTH, the next one asks again`, async (t) => {
          const credentialsProvider = provider()
          const { store } = open(t, credentialsProvider, { strict: true })
          const calls = [store.saveIds('i', 1, 'x'), store.getExtId('i', 1)]
          await new Promise(setImmediate)
          credentialsProvider.fail(reason)
          for (const call of calls) {
            await assert.rejects(call, {
              name: 'KeyStoreError',
              code: 'AUTH',
              message: /the client's credentials provider failed: .+; check it/
            })
          }
          assert.deepEqual(store.stats().failures, { AUTH: 2 })
          const again = store.saveIds('i', 1, 'x')
          await new Promise(setImmediate)
          credentialsProvider.answer()
          assert.equal(await again, true)
          assert.equal(credentialsProvider.asked, 2)
        })
      }
    })

    describe('quit', () => {
      test('waits for the answer, and for the calls that do', async (t) => {
        const credentialsProvider = provider()
        const { store } = open(t, credentialsProvider)
        const saved = store.saveIds('i', 1, 'x')
        const quit = store.quit().catch(() => 'rejects as the client')
        assert.equal(await store.saveIds('i', 2, 'y'), false)
        assert.deepEqual(store.stats().failures, { CLOSED: 1 })
        assert.equal(await state(quit), 'waits')
        credentialsProvider.answer()
        assert.equal(await saved, true)
        await quit
        assert.deepEqual(await contents(server.command), { 'i:b:1': 'x', 'i:e:x': '1' })
      })

      test('ends when the provider never answers', async (t) => {
        const { store } = open(t, provider(), { connectTimeout: 200 })
        const saved = store.saveIds('i', 1, 'x')
        const quits = [store.quit(), store.quit()].map((quit) => quit.catch(() => {}))
        assert.equal(await saved, false)
        await Promise.all(quits)
        assert.deepEqual(store.stats().failures, { AUTH: 1 })
      })
    })

    test('closed and opened again while it is asked', async (t) => {
      const credentialsProvider = prompt(ANN)
      const { client, store } = open(t, credentialsProvider)
      await client.connect()
      const slow = provider()
      client.options.credentialsProvider = slow
      const calls = [store.saveIds('i', 1, 'before')]
      await new Promise(setImmediate)
      client.destroy()
      assert.equal(await store.saveIds('i', 1, 'closed'), false)
      client.options.credentialsProvider = prompt(BOB)
      await client.connect()
      calls.push(store.getExtId('i', 1), store.saveIds('i', 1, 'after'))
      assert.equal(store.stats().pending, 3)
      slow.answer()
      assert.deepEqual(await Promise.all(calls), [true, 'before', true])
      const lines = await connections(server.command)
      assert.match(lines.at(-1), / user=bob /)
    })
  })
}

test('redis 4: a call that waits for the database has its ids taken when it is made', async () => {
  const client = require('redis4').createClient({ url: server.url })
  await client.connect()
  const store = createKeyStore(client)
  const id = Buffer.from('aaa')
  const calls = [store.saveIds('i', id, 'first')]
  id.write('bbb')
  calls.push(store.saveIds('i', id, 'second'), store.saveIds('i', null, 1))
  assert.equal(store.stats().pending, 2)
  assert.deepEqual(await Promise.all(calls), [true, true, false])
  assert.equal(await store.getExtId('i', 'aaa'), 'first')
  const ended = once(client, 'end')
  await store.quit()
  await ended
})
