/** Faults of real servers under load: nothing is lost, nothing hangs, and soon all is well again. */

const assert = require('node:assert/strict')
const { after, before, beforeEach, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const redis = require('redis3')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { TIMES, startLoad } = require('./support/load')
const { commander, connections, useServer } = require('./support/redis')

const LASTING = ['--appendonly', 'yes', '--appendfsync', 'always', '--enable-debug-command', 'yes']
// A replica is served at once.
const QUICK = ['--repl-diskless-sync-delay', 0]

const server = useServer({ args: [...LASTING, ...QUICK] })
beforeEach(() => server.command('flushall'))

/** A store under load while `fault` runs; it must recover from its end on, and all must be right. */
const survives = async (t, fault) => {
  const store = createKeyStore(server.url, TIMES)
  const load = startLoad(store)
  t.after(load.stop)
  await load.more(100)
  await fault(load, store)
  t.diagnostic(`recovered in ${Math.round(await load.recovered())} ms`)
  const { calls, failed } = await load.check(server.command)
  t.diagnostic(`${calls} calls, ${failed} lookups past their deadline`)
  assert.ok(store.stats().reconnects > 0, 'the fault reached the store')
  await store.quit()
}

test('killed and restarted, three times', (t) =>
  survives(t, async (load) => {
    for (let n = 0; n < 3; n++) {
      await load.more(200)
      await server.kill()
      await server.restart()
    }
  }))

test('stopped for longer than responseTimeout, then continued', (t) =>
  survives(t, async () => {
    process.kill(server.pid, 'SIGSTOP')
    await sleep(1.5 * TIMES.responseTimeout)
    process.kill(server.pid, 'SIGCONT')
  }))

test('CLIENT KILL of every kind', (t) =>
  survives(t, async (load, store) => {
    const own = async (field) => {
      const [line] = await connections(server.command)
      return new RegExp(` ${field}=(\\S+)`).exec(` ${line}`)[1]
    }
    const kinds = [
      async () => ['id', await own('id')],
      async () => ['addr', await own('addr')],
      async () => ['laddr', await own('laddr'), 'skipme', 'yes'],
      async () => ['type', 'normal', 'skipme', 'yes'],
      async () => ['user', 'default', 'skipme', 'yes']
    ]
    for (const kind of kinds) {
      await load.more(50)
      assert.ok((await server.command('client', 'kill', ...(await kind()))) > 0)
      assert.equal(await store.saveIds('probe', 0, 'x'), true)
    }
    assert.equal(store.stats().reconnects, kinds.length)
  }))

test('CLIENT PAUSE for longer than responseTimeout', (t) =>
  survives(t, async () => {
    await server.command('client', 'pause', 2 * TIMES.responseTimeout, 'all')
    await server.command('ping')
  }))

test('DEBUG SLEEP for longer than responseTimeout', (t) =>
  survives(t, () => server.command('debug', 'sleep', (2 * TIMES.responseTimeout) / 1000)))

test('no room for one more client', (t) =>
  survives(t, async () => {
    // The command's own connection and the store's are there; the store's goes and finds no room.
    await server.command('config', 'set', 'maxclients', 1)
    await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
    await sleep(TIMES.responseTimeout)
    assert.equal((await connections(server.command)).length, 0)
    await server.command('config', 'set', 'maxclients', 100)
  }))

test('loading its data: calls wait for it, those on a live connection too', async (t) => {
  await server.command('debug', 'populate', 20_000)
  await server.command('config', 'set', 'key-load-delay', 20)
  await server.command('config', 'set', 'loading-process-events-interval-bytes', 1024)
  let hasSeenLoading = false
  const watcher = redis.createClient({ port: server.port })
  const watch = async () => {
    const reply = await commander(watcher)('get', 'x').catch(({ message }) => message)
    hasSeenLoading ||= /LOADING/.test(reply)
    if (!hasSeenLoading) await watch()
  }
  await survives(t, () => Promise.all([server.command('debug', 'reload'), watch()]))
  await server.command('config', 'set', 'key-load-delay', 0)
  watcher.end(true)
})

test('out of memory: saves fail with OOM at once, lookups and deletes go on', async () => {
  const store = createKeyStore(server.url, { ...TIMES, strict: true })
  await store.saveIds('i', 1, 'x')
  await server.command('config', 'set', 'maxmemory', 1)
  await assert.rejects(store.saveIds('i', 2, 'y'), { code: 'OOM', message: /raise its maxmemory/ })
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.equal(await store.deleteIds('i', 1, 'x'), true)
  await server.command('config', 'set', 'maxmemory', 0)
  assert.equal(await store.saveIds('i', 2, 'y'), true)
  assert.deepEqual(store.stats().failures, { OOM: 1 })
  await store.quit()
})

describe('a call that the server hangs up on', () => {
  const long = 'x'.repeat(3 * 2 ** 20)

  // Over the first it says why before it does, over the second it does not.
  for (const limit of ['proto-max-bulk-len', 'client-query-buffer-limit']) {
    test(`an id over ${limit} fails, the calls around it are done`, async (t) => {
      const [, usual] = await server.command('config', 'get', limit)
      t.after(() => server.command('config', 'set', limit, usual))
      await server.command('config', 'set', limit, 2 ** 20)
      const store = createKeyStore(server.url, { ...TIMES, strict: true, readTimeout: 60_000 })
      const some = (from) =>
        Array.from({ length: 200 }, (_, n) => store.saveIds('i', from + n, 'x'))
      // Until it goes on, no connection: then all of them go out in one batch.
      process.kill(server.pid, 'SIGSTOP')
      const others = some(0)
      const tooLong = store.saveIds('i', 'long', long)
      others.push(...some(200))
      const found = store.getExtId('i', 'long')
      process.kill(server.pid, 'SIGCONT')
      await assert.rejects(tooLong, { code: 'REPLY', message: /is an id longer than it takes/ })
      assert.ok((await Promise.all(others)).every((saved) => saved === true))
      assert.equal(await found, null)
      await store.quit()
    })
  }

  test('for another reason, again and again: also long calls wait for its end', async () => {
    const store = createKeyStore(server.url, TIMES)
    let killed = 0
    let isOver = false
    const killing = (async () => {
      for (let n = 0; n < 400; n++) {
        killed += await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
        await sleep(5)
      }
      isOver = true
    })()
    while (!isOver) assert.equal(await store.saveIds('i', 1, long), true)
    await killing
    assert.ok(killed > 3)
    await store.quit()
  })
})

test('a password that was changed: AUTH until the store has the new one', async () => {
  const client = redis.createClient({ port: server.port })
  client.on('error', () => {})
  const codes = []
  const store = createKeyStore(client, { ...TIMES, onError: ({ code }) => codes.push(code) })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await server.command('config', 'set', 'requirepass', 'new-password')
  await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
  assert.equal(await store.saveIds('i', 2, 'y'), false)
  assert.deepEqual(codes, ['AUTH'])
  client.auth('new-password')
  assert.equal(await store.saveIds('i', 2, 'y'), true)
  await server.command('config', 'set', 'requirepass', '')
  await store.quit()
})

describe('a replica', () => {
  let replica
  let client
  let command
  before(async () => {
    replica = await startRedis({ args: ['--replicaof', '127.0.0.1', server.port] })
    client = redis.createClient({ port: replica.port })
    command = commander(client)
    while (!(await command('info', 'replication')).includes('master_link_status:up')) {
      await sleep(10)
    }
  })
  after(() => {
    client.end(true)
    return replica.stop()
  })

  test('refuses saves until their deadline, with READONLY', async () => {
    const options = { ...TIMES, writeTimeout: 400, strict: true }
    const store = createKeyStore(replica.url, options)
    const started = performance.now()
    await assert.rejects(store.saveIds('i', 1, 'x'), { code: 'READONLY', message: /promoted/ })
    assert.ok(performance.now() - started >= 400)
    await store.quit()
  })

  test('promoted under load: no call fails, none overtakes another', async (t) => {
    const store = createKeyStore(replica.url, { ...TIMES, readTimeout: 10_000 })
    const load = startLoad(store, { times: { ...TIMES, readTimeout: 10_000 } })
    t.after(load.stop)
    const lost = store.saveIds('probe', 0, 'x')
    await load.more(500)
    await command('replicaof', 'no', 'one')
    assert.equal(await lost, true)
    t.diagnostic(`recovered in ${Math.round(await load.recovered())} ms`)
    assert.equal((await load.check(command)).failed, 0)
    await store.quit()
  })

  test('a delete that met READONLY was not carried out: it still tells what it found', async () => {
    const store = createKeyStore(replica.url, TIMES)
    await command('flushall')
    await store.saveIds('i', 1, 'x')
    // Refused as a replica refuses, with nothing replicated meanwhile.
    await command('replicaof', '127.0.0.1', 1)
    const answers = [
      store.deleteIds('i', 1, 'none'),
      store.saveIds('i', 2, 'y'),
      store.getExtId('i', 2)
    ]
    while (store.stats().reconnects < 2) await sleep(5)
    await command('replicaof', 'no', 'one')
    assert.deepEqual(await Promise.all(answers), [false, true, 'y'])
    await store.quit()
  })

  test('cut off from its master, without stale data: lookups wait for MASTERDOWN to end', async () => {
    const store = createKeyStore(replica.url, TIMES)
    await command('mset', 'i:b:1', 'x', 'i:e:x', 1)
    assert.equal(await store.getExtId('i', 1), 'x')
    await command('config', 'set', 'replica-serve-stale-data', 'no')
    await command('replicaof', '127.0.0.1', 1)
    await assert.rejects(command('get', 'i:b:1'), /MASTERDOWN/)
    const found = store.getExtId('i', 1)
    await command('replicaof', 'no', 'one')
    assert.equal(await found, 'x')
    await store.quit()
  })
})
