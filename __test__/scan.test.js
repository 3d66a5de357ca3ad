/** deleteAllIds: exactly the integration's pairs, in bounded pages. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const createKeyStore = require('..')
const { contents, openStore, useServer } = require('./support/redis')

const server = useServer()

const open = (t, options) => openStore(t, server, createKeyStore, options)

/** Every command that the server got while `run` ran, and how large each was. */
const statistics = async (run) => {
  await server.command('config', 'resetstat')
  await run()
  const info = await server.command('info', 'commandstats')
  const counts = [...info.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)]
  return Object.fromEntries(counts.map(([, name, calls]) => [name, Number(calls)]))
}

test('50,000 pairs among others go in pages, and nothing else does', async (t) => {
  const store = await open(t)
  const saves = []
  for (let n = 0; n < 50_000; n++) {
    saves.push(store.saveIds('gone', n, `x${n}`))
    if (n % 10 === 0) saves.push(store.saveIds('kept', n, `x${n}`))
  }
  await Promise.all(saves)
  const sent = await statistics(async () => assert.equal(await store.deleteAllIds('gone'), true))
  assert.equal(await server.command('dbsize'), 10_000)
  assert.equal(await store.getExtId('kept', 0), 'x0')
  assert.equal(sent.keys, undefined)
  assert.equal(sent.del, undefined)
  assert.ok(sent.scan >= 25 && sent.unlink >= 25, JSON.stringify(sent))
})

test('an integration without pairs', async (t) => {
  const store = await open(t)
  assert.equal(await store.deleteAllIds('none'), true)
})

test('halves without the other go, and keys of another type', async (t) => {
  const store = await open(t)
  await server.command('mset', 'i:b:1', 'x', 'i:e:y', '2', 'i:uuid', 'kept')
  await server.command('hset', 'i:b:hash', 'f', 'v')
  assert.equal(await store.deleteAllIds('i'), true)
  assert.deepEqual(await contents(server.command), { 'i:uuid': 'kept' })
})

test('a key that may be of a longer integration id goes only if its other half agrees', async (t) => {
  const store = await open(t)
  // Pairs of `a` that read as those of `a:b:x`, `a:b` and `a:e:x` too.
  await store.saveIds('a', 'x:b:1', 'v')
  await store.saveIds('a', 'b:1', 'x:e:2')
  await store.saveIds('a', 1, 'e:3')
  // The pairs of the longer ids themselves.
  await store.saveIds('a:b:x', 2, 'w')
  await store.saveIds('a:b', 3, 'u')
  await store.saveIds('a:e', 4, 't')
  const longer = {
    'a:b:x:b:2': 'w',
    'a:b:x:e:w': '2',
    'a:b:b:3': 'u',
    'a:b:e:u': '3',
    'a:e:b:4': 't',
    'a:e:e:t': '4'
  }
  assert.equal(await store.deleteAllIds('a'), true)
  assert.deepEqual(await contents(server.command), longer)
})

test('thousands of such pairs, wherever their halves lie in the walk', async (t) => {
  const store = await open(t)
  const saves = []
  for (let n = 0; n < 5_000; n++) {
    saves.push(store.saveIds('a', `x:b:${n}`, n), store.saveIds('a:b:x', `n${n}`, n))
  }
  await Promise.all(saves)
  assert.equal(await store.deleteAllIds('a'), true)
  const left = Object.keys(await contents(server.command))
  assert.deepEqual(
    left.filter((key) => !key.startsWith('a:b:x:')),
    []
  )
  assert.equal(left.length, 10_000)
})

test('with a prefix that holds glob characters', async (t) => {
  const store = await open(t, { keyPrefix: 'p*[x]:' })
  await server.command('mset', 'pp[x]:i:b:1', 'kept', 'p*[x]:j:b:1', 'kept')
  await store.saveIds('i', 1, 'x')
  assert.equal(await store.deleteAllIds('i'), true)
  assert.deepEqual(await contents(server.command), { 'p*[x]:j:b:1': 'kept', 'pp[x]:i:b:1': 'kept' })
})
