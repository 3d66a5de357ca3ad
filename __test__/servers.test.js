/** Servers that are not a plain Redis: one in cluster mode, proxies, users with few rights. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { spawn, spawnSync } = require('node:child_process')
const { after, before, describe, test } = require('node:test')
const createKeyStore = require('..')
const { aptInstall } = require('../scripts/apt')
const { freePort, startRedis } = require('../scripts/redis')
const { stub, byPromise } = require('./support/stub')
const { startFake } = require('./support/fake-redis')
const { open } = require('./support/open')
const { connections, useServer } = require('./support/redis')
const { until } = require('./support/topologies')

const TIMES = { strict: true, readTimeout: 5_000, writeTimeout: 5_000 }

/** The contract in short, on a store that has no pairs. */
const works = async (store) => {
  const pairs = Array.from({ length: 50 }, (_, n) => [`i`, n, `x${n}`])
  const saved = await Promise.all(pairs.map((pair) => store.saveIds(...pair)))
  assert.ok(saved.every((answer) => answer === true))
  assert.equal(await store.getExtId('i', 7), 'x7')
  assert.equal(await store.getBotmaticId('i', 'x7'), '7')
  assert.equal(await store.getExtId('i', 'none'), null)
  assert.equal(await store.deleteIds('i', 7, 'x7'), true)
  assert.equal(await store.deleteIds('i', 7, 'x7'), false)
  assert.equal(await store.deleteIds('i', 8, 'other'), false)
  assert.deepEqual([await store.getExtId('i', 8), await store.getExtId('i', 9)], [null, 'x9'])
}

const deletesAll = async (store) => {
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal(await store.getExtId('i', 9), null)
}

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
  t.after(() => Promise.all(servers.map((each) => each.stop())))
  const clients = servers.map(
    ({ port }) => new (require('ioredis5'))({ port, enableReadyCheck: false })
  )
  t.after(() => {
    for (const client of clients) client.disconnect()
  })
  await clients[0].call('cluster', 'addslotsrange', 0, 8_191)
  await clients[1].call('cluster', 'addslotsrange', 8_192, 16_383)
  await clients[1].call('cluster', 'set-config-epoch', 2)
  await clients[0].call('cluster', 'meet', '127.0.0.1', servers[1].port)
  await until(async () => (await clients[0].call('cluster', 'info')).includes('cluster_state:ok'))
  const store = open(t, servers[0].url, TIMES)
  for (let n = 0; n < 20; n++) {
    await assert.rejects(store.saveIds('i', n, `x${n}`), {
      code: 'MOVED',
      message: /a cluster client/
    })
  }
  assert.equal(await clients[0].dbsize(), 0)
})

describe('twemproxy', () => {
  const PROGRAM = 'nutcracker'
  const servers = []
  let proxy
  let port
  before(async () => {
    const isThere = () => spawnSync(PROGRAM, ['--version']).error === undefined
    assert.ok(isThere() || (aptInstall(PROGRAM) && isThere()), `${PROGRAM} is not to be had`)
    servers.push(await startRedis(), await startRedis())
    port = await freePort()
    const config = path.join(servers[0].directory, 'nutcracker.yml')
    const lines = servers.map(({ port }, n) => `   - 127.0.0.1:${port}:1 server${n}`)
    fs.writeFileSync(
      config,
      `pool:\n  listen: 127.0.0.1:${port}\n  redis: true\n  servers:\n${lines.join('\n')}\n`
    )
    proxy = spawn(PROGRAM, ['-c', config, '-s', await freePort()], { stdio: 'ignore' })
    await until(async () => {
      const socket = net.connect(port, '127.0.0.1')
      const [name] = await Promise.race(
        ['connect', 'error'].map(async (event) => [event, await once(socket, event)])
      ).catch(() => ['error'])
      socket.destroy()
      return name === 'connect'
    })
  })
  after(async () => {
    proxy?.kill()
    await Promise.all(servers.map((server) => server.stop()))
  })

  test('saves, lookups and pair deletes work; what it cannot do fails with a code', async (t) => {
    const store = open(t, `redis://127.0.0.1:${port}`, TIMES)
    await works(store)
    await assert.rejects(store.deleteAllIds('i'), { code: 'REPLY', message: /SCAN or KEYS/ })
    assert.equal(await store.getExtId('i', 9), 'x9')
    const other = open(t, `redis://127.0.0.1:${port}/2`, TIMES)
    await assert.rejects(other.saveIds('i', 1, 'x'), { code: 'DATABASE' })
  })

  const redis = (name) => async (options) => {
    const client = require(name).createClient({ socket: { port }, ...options })
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const ioredis = (name) => async () => {
    const options = { port, protocol: 2, enableReadyCheck: false, disableClientInfo: true }
    const client = new (require(name))(options)
    await once(client, 'ready')
    return client
  }
  const callback = (name) => async () => {
    const client = require(name).createClient({ port, no_ready_check: true })
    await once(client, 'ready')
    return client
  }
  /** None of them says `CLIENT` or `HELLO` itself: that no client survives here. */
  const clients = {
    'redis 2': callback('redis2'),
    'redis 3': callback('redis3'),
    'redis 4': () => redis('redis4')({ disableClientInfo: true }),
    'redis 4, legacy mode': () => redis('redis4')({ disableClientInfo: true, legacyMode: true }),
    'redis 5': () => redis('redis5')({ disableClientInfo: true }),
    'redis 6': () => redis('redis6')({ disableClientInfo: true, RESP: 2 }),
    'ioredis 4': ioredis('ioredis4'),
    'ioredis 5': ioredis('ioredis5'),
    'ioredis 6': ioredis('ioredis6'),
    iovalkey: ioredis('iovalkey')
  }
  for (const [name, create] of Object.entries(clients)) {
    test(`${name}: its own connection is never lost by the store`, {
      timeout: 20_000
    }, async (t) => {
      const client = await create()
      const lost = []
      for (const event of ['error', 'reconnecting', 'close', 'end']) {
        client.on(event, () => lost.push(event))
      }
      const store = createKeyStore(client, TIMES)
      t.after(() => store.quit())
      assert.equal(store.native, true)
      assert.equal(await store.saveIds('own', name, `x${name}`), true)
      assert.equal(await store.getExtId('own', name), `x${name}`)
      assert.deepEqual(lost, [])
    })
  }

  test('valkey-glide does not connect through it itself', async () => {
    const { GlideClient } = require('@valkey/valkey-glide')
    const addresses = [{ host: '127.0.0.1', port }]
    await assert.rejects(GlideClient.createClient({ addresses, requestTimeout: 200 }))
  })
})

test('redis 4 that says no CLIENT itself: an earlier select is followed', async (t) => {
  const server = await startRedis()
  t.after(() => server.stop())
  const client = require('redis4').createClient({ url: server.url, disableClientInfo: true })
  client.on('error', () => {})
  await client.connect()
  await client.select(3)
  const store = open(t, client, TIMES)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await client.get('i:b:1'), 'x')
  assert.equal(store.stats().reconnects, 0)
})

describe('a proxy that lacks one command', () => {
  const WORDS = ['CLIENT', 'HELLO', 'PING', 'INFO', 'SELECT', 'ECHO', 'UNLINK', 'SCAN']
  const ways = {
    'hangs up': (_, connection) => connection.close(),
    'says unknown command': ([name]) => `-ERR unknown command '${name}'\r\n`,
    'says unsupported command': ([name]) => `-unsupported command '${name}'\r\n`
  }
  for (const [way, act] of Object.entries(ways)) {
    for (const word of WORDS) {
      test(`${way} on ${word}`, async (t) => {
        const fake = await startFake(t, (words, connection) => {
          if (words[0] === word) return act(words, connection)
          if (words[0] !== 'KEYS') return undefined
          const keys = [...fake.data.keys()].filter((key) => key.startsWith('i:'))
          return `*${keys.length}\r\n${keys.map((key) => `$${key.length}\r\n${key}\r\n`).join('')}`
        })
        const store = open(t, fake.url, TIMES)
        await works(store)
        await deletesAll(store)
        assert.equal(fake.data.size, 0)
      })
    }
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
