/** The contract on the one server that KEY_STORE_SERVER names: its URL, or a program to start. See scripts/servers.js. */

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const redis = require('redis3')
const createOriginal = require('@botmatic/js-redis-key-store')
const createKeyStore = require('../..')
const { startRedis } = require('../../scripts/redis')
const { cases } = require('../support/cases')
const { commander, contents } = require('../support/redis')

const target = process.env.KEY_STORE_SERVER
let server
let client
let command
before(async () => {
  server = target.includes('://') ? { url: target } : await startRedis({ program: target })
  client = redis.createClient({ url: server.url })
  client.on('error', () => {})
  command = commander(client)
  const info = String(await command('info', 'server'))
  const version = (name) => new RegExp(`${name}:(.*)`).exec(info)?.[1].trim()
  const other = ['valkey', 'dragonfly'].find((name) => version(`${name}_version`))
  console.log(`version ${other ?? 'redis'} ${version(`${other ?? 'redis'}_version`)}`)
})
after(async () => {
  client?.end(true)
  await server?.stop?.()
})

/** By the URL, as a client has it whose options a case brings. */
const openStore = async (options) => {
  await command('flushall')
  if (!options) return createKeyStore(server.url)
  const own = redis.createClient({ url: server.url, ...options })
  own.on('error', () => {})
  return createKeyStore(own)
}

/** What a case comes to, and what it leaves. */
const result = async (store, run) => {
  try {
    const value = await run(store, command)
    return { value, left: await contents(command) }
  } finally {
    await store.quit()
  }
}

describe('cases', () => {
  for (const { name, run, client: options, differs, ours, leaves } of cases) {
    test(name, async () => {
      const own = await result(await openStore(options), run)
      if (differs) return assert.deepEqual(own, { value: ours, left: leaves })
      await command('flushall')
      const original = createOriginal(redis.createClient({ url: server.url, ...options }))
      assert.deepEqual(own, await result(original, run))
    })
  }
})

describe('order', () => {
  test('calls take effect as they were made, awaited or not', async () => {
    const store = await openStore()
    const answers = await Promise.all([
      store.saveIds('i', 1, 'x'),
      store.getExtId('i', 1),
      store.saveIds('i', 1, 'y'),
      store.getExtId('i', 1),
      store.deleteIds('i', 1, 'y'),
      store.getExtId('i', 1),
      store.saveIds('i', 2, 'z'),
      store.deleteAllIds('i'),
      store.saveIds('i', 3, 'w'),
      store.getExtId('i', 2),
      store.getExtId('i', 3)
    ])
    assert.deepEqual(answers, [true, 'x', true, 'y', true, null, true, true, true, null, 'w'])
    await store.quit()
  })
})

describe('deleteAllIds', () => {
  test('beside other keys, page by page', async () => {
    const store = await openStore()
    const all = Array.from({ length: 5_000 }, (_, n) => n)
    await Promise.all(all.flatMap((n) => [store.saveIds('i', n, n), store.saveIds('j', n, n)]))
    await command('set', 'i:uuid', 'own')
    assert.equal(await store.deleteAllIds('i'), true)
    assert.equal(await command('get', 'i:uuid'), 'own')
    const left = await Promise.all(
      all.flatMap((n) => [store.getExtId('i', n), store.getExtId('j', n)])
    )
    assert.deepEqual(
      left,
      all.flatMap((n) => [null, String(n)])
    )
    await store.quit()
  })

  test('a connection that is killed meanwhile', async () => {
    const store = await openStore()
    const all = Array.from({ length: 5_000 }, (_, n) => n)
    await Promise.all(all.map((n) => store.saveIds('i', n, n)))
    const deleted = store.deleteAllIds('i')
    // Servers before 6.2 have no name for the others' connections in one word.
    const list = String(await command('client', 'list'))
    const own = list.split('\n').find((line) => line.includes('name=js-redis-key-store'))
    const [, address] = / addr=(\S+)/.exec(own ?? '') ?? []
    if (address) await command('client', 'kill', address)
    assert.equal(await deleted, true)
    const left = await Promise.all(all.map((n) => store.getExtId('i', n)))
    assert.ok(left.every((id) => id === null))
    await store.quit()
  })
})
