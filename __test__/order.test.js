/** Calls of one store take effect in the order in which they were made, awaited or not. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { useBackends } = require('./support/backends')
const { disconnected, connections, useServer } = require('./support/redis')

const server = useServer()

const backends = useBackends()

for (const backend of backends) {
  describe(backend.name, () => {
    test('a save that is not awaited is seen by the next lookup', async (t) => {
      const store = await backend.open(t)
      const found = []
      for (let n = 0; n < 2_000; n++) {
        store.saveIds('i', n % 7, n)
        found.push(store.getExtId('i', n % 7))
      }
      assert.deepEqual(
        await Promise.all(found),
        Array.from({ length: 2_000 }, (_, n) => String(n))
      )
    })

    test('chains of save, delete and save end as they were called', async (t) => {
      const store = await backend.open(t)
      const answers = []
      for (let n = 0; n < 1_000; n++) {
        answers.push(
          store.saveIds('i', n, 'x'),
          store.deleteIds('i', n, 'x'),
          store.saveIds('i', n, 'y')
        )
      }
      assert.ok((await Promise.all(answers)).every((answer) => answer === true))
      const left = await Promise.all(
        Array.from({ length: 1_000 }, (_, n) => store.getExtId('i', n))
      )
      assert.ok(left.every((id) => id === 'y'))
      assert.equal(await store.getBotmaticId('i', 'x'), null)
      assert.equal(await store.getBotmaticId('i', 'y'), '999')
    })

    test('a save after deleteAllIds survives it, one before does not', async (t) => {
      const store = await backend.open(t)
      const answers = await Promise.all([
        store.saveIds('i', 1, 'before'),
        store.deleteAllIds('i'),
        store.saveIds('i', 2, 'after'),
        store.getExtId('i', 1),
        store.getExtId('i', 2),
        store.deleteAllIds('i'),
        store.getExtId('i', 2),
        store.saveIds('i', 3, 'last')
      ])
      assert.deepEqual(answers, [true, true, true, null, 'after', true, null, true])
      const left = await Promise.all([1, 2, 3].map((id) => store.getExtId('i', id)))
      assert.deepEqual(left, [null, null, 'last'])
    })

    test('only calls of the same integration wait for deleteAllIds', async (t) => {
      const store = await backend.open(t)
      for (let n = 0; n < 30_000; n++) store.saveIds('big', n, n)
      await store.saveIds('other', 1, 'x')
      const settled = []
      const note = (name) => () => settled.push(name)
      await Promise.all([
        store.deleteAllIds('big').then(note('deleteAllIds')),
        store.saveIds('big', 1, 'x').then(note('its own')),
        store.getExtId('other', 1).then(note('another'))
      ])
      assert.ok(settled.indexOf('deleteAllIds') < settled.indexOf('its own'), settled.join())
      // In a file all is one step, and nobody waits for it.
      if (backend.name === 'Redis') assert.equal(settled[0], 'another')
    })

    test('calls that toString makes come before the call it is for', async (t) => {
      const store = await backend.open(t)
      const id = {
        toString: () => {
          store.saveIds('i', 1, 'first')
          return '1'
        }
      }
      await store.saveIds('i', id, 'second')
      assert.equal(await store.getExtId('i', 1), 'second')
    })
  })
}

test('two stores of one client share a connection, two of one URL do not', async () => {
  const redis = require('redis3')
  const client = redis.createClient({ port: server.port })
  const stores = [createKeyStore(client), createKeyStore(client, { keyPrefix: 'p:' })]
  await Promise.all(stores.map((store) => store.saveIds('i', 1, 'x')))
  assert.equal((await connections(server.command)).length, 1)
  const apart = [createKeyStore(server.url), createKeyStore(server.url)]
  await Promise.all(apart.map((store) => store.saveIds('i', 1, 'x')))
  assert.equal((await connections(server.command)).length, 3)
  await Promise.all([...stores, ...apart].map((store) => store.quit()))
  await disconnected(server.command)
})
