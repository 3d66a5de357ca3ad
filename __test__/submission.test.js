/** When calls set off: with the others of their burst, and without waiting for the event loop. */

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { test } = require('node:test')
const createKeyStore = require('..')
const { openStore, useServer } = require('./support/redis')

const server = useServer()

const open = async (t) => {
  const store = await openStore(t, server, createKeyStore)
  // The first call connects.
  await store.getExtId('i', 1)
  return store
}

/** Whether the server comes to hold that many keys, while this thread does nothing else. */
const arrive = (keys) => {
  const script = `
    const client = require('redis3').createClient(${server.port})
    const look = () =>
      client.dbsize((_, held) => held < ${keys} ? setImmediate(look) : client.end(true))
    look()`
  const { status } = spawnSync(process.execPath, ['-e', script], {
    cwd: __dirname,
    timeout: 30_000
  })
  return status === 0
}

test('a burst of more than one pipeline sets off while it goes on', async (t) => {
  const store = await open(t)
  const saves = Array.from({ length: 300 }, (_, n) => store.saveIds('i', n, n))
  assert.ok(arrive(512))
  assert.ok((await Promise.all(saves)).every((answer) => answer === true))
  assert.equal(await server.command('dbsize'), 600)
})

test('a call alone sets off before the event loop goes on', async (t) => {
  const store = await open(t)
  const saved = store.saveIds('i', 1, 1)
  await undefined
  assert.ok(arrive(2))
  assert.equal(await saved, true)
})

test('calls made microtask by microtask set off before the event loop goes on', async (t) => {
  const store = await open(t)
  const saves = []
  for (let n = 0; n < 50; n++) {
    saves.push(store.saveIds('i', n, n))
    await undefined
  }
  assert.ok(arrive(100))
  assert.ok((await Promise.all(saves)).every((answer) => answer === true))
})
