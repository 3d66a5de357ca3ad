/** A server that may evict pairs says so, once: what was saved is not safe there. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const redis3 = require('redis3')
const createKeyStore = require('..')
const { debugLines } = require('./support/debug')
const { messages } = require('./support/messages')
const { useServer } = require('./support/redis')

const server = useServer({ args: ['--maxmemory', '100mb'] })

const policy = (name) => server.command('config', 'set', 'maxmemory-policy', name)

const warned = (heard) => heard.filter(({ state }) => state === 'warning')

for (const [name, make] of Object.entries({
  'an address': () => createKeyStore(server.url),
  'a client': () => {
    const client = redis3.createClient({ port: server.port })
    // Its connection is ended, too.
    client.on('error', () => {})
    return createKeyStore(client)
  }
})) {
  test(`${name}: the log, the channel and stats tell of it once`, async (t) => {
    await policy('allkeys-lru')
    const lines = debugLines(t)
    const heard = messages(t, 'connection')
    const store = make()
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
    assert.equal(await store.saveIds('i', 2, 'x'), true)
    const said = /the maxmemory-policy of 127\.0\.0\.1:\d+ is allkeys-lru: .* set it to noeviction/
    assert.equal(warned(heard).length, 1)
    const [{ server: named, reason }] = warned(heard)
    assert.equal(named, `127.0.0.1:${server.port}`)
    assert.match(reason, said)
    assert.equal(lines.filter((line) => said.test(line)).length, 1)
    assert.deepEqual(store.stats().warnings, [reason])
    await store.quit()
  })
}

describe('nothing is told', () => {
  for (const name of ['noeviction', 'volatile-lru', 'volatile-ttl']) {
    test(`with ${name}, which leaves pairs alone`, async (t) => {
      await policy(name)
      const heard = messages(t, 'connection')
      const store = createKeyStore(server.url)
      await store.saveIds('i', 1, 'x')
      assert.deepEqual(warned(heard), [])
      assert.ok(!('warnings' in store.stats()))
      await store.quit()
    })
  }

  test('to a user with few rights, who is not asked for more', async (t) => {
    await policy('allkeys-lru')
    const rights = ['~*', '+mset', '+get', '+del', '+scan', '+mget', '+unlink']
    await server.command('acl', 'setuser', 'few', 'on', '>pw', ...rights)
    const heard = messages(t, 'connection')
    const store = createKeyStore(`redis://few:pw@127.0.0.1:${server.port}`)
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    assert.deepEqual(warned(heard), [])
    const denials = await server.command('acl', 'log')
    assert.ok(!JSON.stringify(denials).includes('info|memory'))
    assert.ok(!JSON.stringify(denials).includes('"info"'))
    await store.quit()
  })
})

test('out of memory: no advice to evict', async () => {
  await policy('noeviction')
  await server.command('config', 'set', 'maxmemory', '1')
  const store = createKeyStore(server.url, { strict: true })
  await assert.rejects(store.saveIds('i', 3, 'x'), {
    code: 'OOM',
    message: /raise its maxmemory or .* keep its maxmemory-policy at noeviction/
  })
  await server.command('config', 'set', 'maxmemory', '100mb')
  await store.quit()
})
