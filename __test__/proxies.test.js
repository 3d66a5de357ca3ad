/** Proxies that lack commands, and hang up on them. */

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
const { LOST, startFake } = require('./support/fake-redis')
const { open } = require('./support/open')
const { until } = require('./support/topologies')
const { TIMES, deletesAll, works } = require('./support/works')

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
    const advancedConfiguration = { connectionTimeout: 200 }
    await assert.rejects(GlideClient.createClient({ addresses, advancedConfiguration }))
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

test('a connection that ends within the reply to CLIENT INFO does not stand for one that lacks it', async (t) => {
  let isCut = true
  let asked = 0
  const fake = await startFake(t, ([name, what], { socket }) => {
    if (name !== 'CLIENT' || what !== 'INFO') return undefined
    asked++
    if (!isCut) return undefined
    socket.end('$300\r\nid=1 addr=')
    return LOST
  })
  const store = open(t, fake.url, TIMES)
  const saved = store.saveIds('i', 1, 'x')
  await until(() => asked === 4)
  assert.equal(fake.data.size, 0)
  isCut = false
  assert.equal(await saved, true)
  assert.equal(asked, 5)
})
