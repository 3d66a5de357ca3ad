/** Servers that are not a plain Redis: one in cluster mode, busy ones, users with few rights. */

const assert = require('node:assert/strict')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { stub, byPromise } = require('./support/stub')
const { startFake } = require('./support/fake-redis')
const { open } = require('./support/open')
const { connections, useServer } = require('./support/redis')
const { until } = require('./support/topologies')
const { TIMES, deletesAll, works } = require('./support/works')

/** Gives a server in cluster mode these slots. */
const takeSlots = async ({ command }, first, last) => {
  await command('cluster', 'addslotsrange', first, last)
}

describe('one server in cluster mode behind a plain client', () => {
  const server = useServer({
    args: ['--cluster-enabled', 'yes'],
    prepare: async (own) => {
      await takeSlots(own, 0, 16_383)
      await until(async () => (await own.command('cluster', 'info')).includes('cluster_state:ok'))
    }
  })
  const clients = {
    'a URL': () => server.url,
    'redis 3': () => require('redis3').createClient({ port: server.port }),
    'ioredis 5': () => new (require('ioredis5'))({ port: server.port }),
    'redis 6': () => require('redis6').createClient({ url: server.url })
  }
  for (const [name, create] of Object.entries(clients)) {
    test(name, async (t) => {
      const client = create()
      client.on?.('error', () => {})
      const store = open(t, client, TIMES)
      await works(store)
      await deletesAll(store)
      assert.equal(await server.command('dbsize'), 0)
    })
  }

  test('a first save and a quit behind it', async () => {
    const store = createKeyStore(server.url, TIMES)
    const saved = store.saveIds('j', 1, 'x')
    await store.quit()
    assert.equal(await saved, true)
    await server.command('flushall')
  })

  test('through the commands of a client that is delegated to', async () => {
    const client = new (require('ioredis5'))({ port: server.port })
    const { get, set, del, keys } = client
    const wrapped = Object.fromEntries(
      Object.entries({ get, set, del, keys }).map(([name, own]) => [name, own.bind(client)])
    )
    const store = createKeyStore(wrapped, TIMES)
    assert.equal(store.native, false)
    await works(store)
    await deletesAll(store)
    await client.quit()
  })
})

test('a plain client at one node of several: an error that says so, and nothing half written', async (t) => {
  const servers = await Promise.all(
    [0, 1].map(() => startRedis({ args: ['--cluster-enabled', 'yes'] }))
  )
  // The last first: a client whose server goes before it fails the test.
  const ends = [() => Promise.all(servers.map((each) => each.stop()))]
  t.after(async () => {
    for (const end of ends.reverse()) await end()
  })
  const clients = servers.map(
    ({ port }) => new (require('ioredis5'))({ port, enableReadyCheck: false })
  )
  ends.push(() => Promise.all(clients.map((client) => client.quit())))
  await clients[0].call('cluster', 'addslotsrange', 0, 8_191)
  await clients[1].call('cluster', 'addslotsrange', 8_192, 16_383)
  await clients[1].call('cluster', 'set-config-epoch', 2)
  await clients[0].call('cluster', 'meet', '127.0.0.1', servers[1].port)
  await until(async () => (await clients[0].call('cluster', 'info')).includes('cluster_state:ok'))
  const url = servers[0].url
  const node = require('redis6').createClient({ url, disableClientInfo: true })
  await node.connect()
  const pool = await require('redis5').createClientPool({ url }).connect()
  ends.push(() => Promise.all([node.close(), pool.close()]))
  const { get, set, del } = clients[0]
  const bound = Object.entries({ get, set, del }).map(([name, own]) => [name, own.bind(clients[0])])
  const handed = { url, client: node, pool, commands: Object.fromEntries(bound) }
  for (const [name, given] of Object.entries(handed)) {
    const store = createKeyStore(given, TIMES)
    const codes = new Set()
    for (let n = 0; n < 20; n++) {
      const saved = store.saveIds('i', n, `x${n}`)
      const error = await saved.then(
        (answer) => ({ code: answer, message: '' }),
        (failed) => failed
      )
      codes.add(error.code)
      if (error.code === true) {
        // Both halves are this node's.
        assert.equal(await store.getExtId('i', n), `x${n}`, name)
        assert.equal(await store.deleteIds('i', n, `x${n}`), true, name)
      } else {
        assert.match(error.message, /use a cluster client/, name)
      }
    }
    assert.deepEqual(
      [...codes].filter((code) => code !== true),
      ['MOVED'],
      name
    )
    if (name === 'url' || name === 'client') assert.equal(codes.size, 1)
    assert.equal(await clients[0].dbsize(), 0, name)
    if (name === 'url') await store.quit()
  }
})

describe('a user with few rights', () => {
  const server = useServer({
    prepare: async ({ command }) => {
      const rights = ['+mset', '+get', '+del', '+scan', '+mget', '+unlink']
      await command('acl', 'setuser', 'few', 'on', '>secret', '~*', ...rights)
      await command(
        'acl',
        'setuser',
        'old',
        'on',
        '>secret',
        '~*',
        '+set',
        '+get',
        '+del',
        '+keys',
        '+mget'
      )
    }
  })
  const urlOf = (user) => `redis://${user}:secret@127.0.0.1:${server.port}`

  test('leaves no line in the ACL log, and its connections have a name', async (t) => {
    await server.command('acl', 'log', 'reset')
    for (let n = 0; n < 3; n++) {
      const store = open(t, urlOf('few'), TIMES)
      await works(store)
      assert.match(await server.command('client', 'list'), /name=js-redis-key-store .* user=few/)
      await deletesAll(store)
    }
    assert.deepEqual(await server.command('acl', 'log'), [])
  })

  test('one with the rights that the original needed works, each refusal is met once', async (t) => {
    await server.command('acl', 'log', 'reset')
    for (let n = 0; n < 3; n++) {
      const store = open(t, urlOf('old'), TIMES)
      await works(store)
      await deletesAll(store)
    }
    const lines = await server.command('acl', 'log')
    const told = lines.map((line) => [
      line[line.indexOf('object') + 1],
      line[line.indexOf('count') + 1]
    ])
    // All that were sent in one go.
    assert.deepEqual(told.map(([object]) => object).sort(), ['mset', 'scan', 'unlink'])
  })
})

test('a busy server is waited for by a named user in another database', async (t) => {
  const server = await startRedis({ args: ['--lua-time-limit', '1'] })
  t.after(server.stop)
  const [script, own] = [1, 2].map(() => new (require('ioredis5'))({ port: server.port }))
  t.after(() => Promise.all([script, own].map((client) => client.disconnect())))
  const command = (...words) => own.call(...words)
  await command('acl', 'setuser', 'ann', 'on', '>secret', '~*', '+@all')
  const ended = assert.rejects(script.eval('while true do end', 0), /Script killed/)
  const isBusy = () =>
    command('ping').then(
      () => false,
      (error) => /^BUSY/.test(error.message)
    )
  await until(isBusy)
  const store = open(t, `redis://ann:secret@127.0.0.1:${server.port}/2`, TIMES)
  const failed = new Promise((resolve) => {
    const hear = ({ state, reason }) => state === 'failed' && resolve(reason)
    subscribe('js-redis-key-store:connection', hear)
    t.after(() => unsubscribe('js-redis-key-store:connection', hear))
  })
  const saved = store.saveIds('i', 1, 'x')
  assert.match(await failed, /BUSY/)
  await command('script', 'kill')
  await ended
  assert.equal(await saved, true)
})

test('a connection that a busy server did not end is ended by the next login', async (t) => {
  const kills = []
  const busy = '-BUSY Redis is busy running a script\r\n'
  let isLost = false
  const fake = await startFake(t, ([name, what], connection) => {
    if (name === 'MSET' && !isLost) {
      isLost = true
      return connection.close()
    }
    if (name !== 'CLIENT' || what !== 'KILL') return kills.length === 1 ? busy : undefined
    kills.push(name)
    return kills.length === 1 ? busy : undefined
  })
  const store = open(t, fake.url, TIMES)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.ok(kills.length > 1)
})

describe('deleteAllIds that is interrupted', () => {
  const server = useServer({ args: ['--enable-debug-command', 'yes'] })
  const scans = async () => {
    const [, calls] =
      /cmdstat_scan:calls=(\d+)/.exec(await server.command('info', 'commandstats')) ?? []
    return Number(calls ?? 0)
  }
  const begin = async (t) => {
    await server.command('flushall')
    await server.command('debug', 'populate', 300_000)
    const store = open(t, server.url, { ...TIMES, writeTimeout: 60_000 })
    await Promise.all(Array.from({ length: 2_000 }, (_, n) => store.saveIds('i', n, `x${n}`)))
    return store
  }
  const left = () => server.command('keys', 'i:*')

  test('goes on where it was on the same server', async (t) => {
    const store = await begin(t)
    const cursors = []
    const monitor = require('redis3').createClient({ port: server.port })
    t.after(() => monitor.end(true))
    monitor.on('monitor', (_, [name, cursor]) => name === 'SCAN' && cursors.push(cursor))
    await new Promise((resolve) => monitor.monitor(resolve))
    const deleted = store.deleteAllIds('i')
    for (let kills = 1; kills <= 3; kills++) {
      const seen = cursors.length
      await until(() => cursors.length > seen + 5)
      const [line] = await connections(server.command)
      await server.command('client', 'kill', 'id', / ?id=(\d+) /.exec(line)[1])
    }
    assert.equal(await deleted, true)
    assert.equal(store.stats().reconnects, 3)
    assert.equal(cursors.filter((cursor) => cursor === '0').length, 1)
    assert.deepEqual(await left(), [])
  })

  test('starts over on another run of the server', async (t) => {
    const store = await begin(t)
    // What was deleted by then is there again.
    await server.command('save')
    const before = await scans()
    const deleted = store.deleteAllIds('i')
    await until(async () => (await scans()) - before > 20)
    await server.kill()
    await server.restart()
    assert.equal(await deleted, true)
    assert.deepEqual(await left(), [])
  })
})

describe('errors that pass, through a client that is delegated to', () => {
  for (const reply of [
    'NOREPLICAS Not enough good replicas',
    'LOADING Redis is loading',
    'MISCONF no disk'
  ]) {
    test(reply.split(' ')[0], async () => {
      const client = stub(byPromise)
      const { set } = client
      let refusals = 3
      client.set = (...args) => (refusals-- > 0 ? Promise.reject(new Error(reply)) : set(...args))
      const store = createKeyStore(client, TIMES)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      assert.deepEqual([...client.map].sort(), [
        ['i:b:1', 'x'],
        ['i:e:x', '1']
      ])
    })
  }

  test('a pair delete that was refused by half tells what it found', async () => {
    const client = stub(byPromise)
    const store = createKeyStore(client, TIMES)
    await store.saveIds('i', 1, 'x')
    const { del } = client
    let isRefused = true
    client.del = (key) => {
      if (!key.includes(':e:') || !isRefused) return del(key)
      isRefused = false
      return Promise.reject(new Error('NOREPLICAS Not enough good replicas'))
    }
    assert.equal(await store.deleteIds('i', 1, 'x'), true)
  })

  test('at the deadline it fails with a code', async () => {
    const client = stub(byPromise)
    client.get = () => Promise.reject(new Error('LOADING Redis is loading'))
    const store = createKeyStore(client, { strict: true, readTimeout: 200 })
    await assert.rejects(store.getExtId('i', 1), { code: 'UNREACHABLE', message: /LOADING/ })
  })
})
