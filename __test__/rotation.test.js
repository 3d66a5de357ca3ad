/** A password that is changed: the store's connections are opened with what its client would use now. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const redis = require('redis3')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { commander } = require('./support/redis')
const { ioredisCluster } = require('./support/topology-clients')
const { until } = require('./support/topologies')

const host = '127.0.0.1'

/** A server whose users stand in a file that is read when it starts; who says nothing is `watcher`. */
const startServer = async (t, lines = []) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-rotation-'))
  const config = path.join(directory, 'redis.conf')
  const write = (password) => {
    const users = ['default', 'ann'].map((name) => `user ${name} on >${password} ~* &* +@all`)
    const watcher = 'user watcher on >watching ~* &* +@all'
    fs.writeFileSync(config, [...users, watcher, 'save ""', ...lines, ''].join('\n'))
  }
  write('old')
  const server = await startRedis({ config })
  const watcher = redis.createClient({ port: server.port, user: 'watcher', password: 'watching' })
  watcher.on('error', () => {})
  const command = commander(watcher)
  t.after(async () => {
    watcher.end(true)
    await server.stop()
    fs.rmSync(directory, { recursive: true })
  })
  return {
    server,
    command,
    /** The new password holds at once, and all others are hung up on. */
    rotate: async () => {
      for (const name of ['default', 'ann']) {
        await command('acl', 'setuser', name, 'resetpass', '>new')
      }
      await command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
    },
    /** It ends, and comes back with the new password; `between` is while it is gone. */
    restart: async (between) => {
      await server.kill()
      await between()
      write('new')
      await server.restart()
    }
  }
}

const quiet = (client) => client.on('error', () => {})

const redis3 = (name) => ({
  open: ({ server }) => quiet(require(name).createClient({ port: server.port, password: 'old' })),
  rotate: (client) => (client.auth_pass = 'new'),
  get: (client, key) => commander(client)('get', key)
})

const nodeRedis = (name, options, change) => ({
  open: async ({ server }) => {
    const socket = { host, port: server.port, reconnectStrategy: 20 }
    const client = quiet(require(name).createClient({ socket, ...options() }))
    await client.connect()
    return client
  },
  rotate: change,
  get: (client, key) => client.get(key)
})

const ioredis = (name, login) => ({
  open: ({ server }) => {
    const Redis = require(name).Redis ?? require(name)
    return quiet(new Redis({ host, port: server.port, ...login, retryStrategy: () => 20 }))
  },
  rotate: (client) => (client.options.password = 'new'),
  get: (client, key) => client.get(key)
})

const provider = (password) => ({
  type: 'async-credentials-provider',
  credentials: async () => ({ username: 'ann', password })
})

const password = () => ({ password: 'old' })
const withPassword = (client) => (client.options.password = 'new')

const KINDS = {
  'redis 2': redis3('redis2'),
  'redis 3': redis3('redis3'),
  'redis 4': nodeRedis('redis4', password, withPassword),
  'redis 5': nodeRedis('redis5', password, withPassword),
  'redis 6': nodeRedis('redis6', password, withPassword),
  'redis 5, a new provider': nodeRedis(
    'redis5',
    () => ({ credentialsProvider: provider('old') }),
    ({ options }) => (options.credentialsProvider = provider('new'))
  ),
  'redis 6, a new provider': nodeRedis(
    'redis6',
    () => ({ credentialsProvider: provider('old') }),
    ({ options }) => (options.credentialsProvider = provider('new'))
  ),
  'ioredis 4': ioredis('ioredis4', { password: 'old' }),
  'ioredis 5': ioredis('ioredis5', { username: 'ann', password: 'old' }),
  'ioredis 6': ioredis('ioredis6', { username: 'ann', password: 'old' }),
  iovalkey: ioredis('iovalkey', { password: 'old' })
}

const CLUSTERS = Object.fromEntries([
  ...['redis4', 'redis5', 'redis6'].map((name) => {
    const defaults = { password: 'old', socket: { reconnectStrategy: 20 } }
    const open = async ({ server }) => {
      const rootNodes = [{ socket: { host, port: server.port } }]
      const client = quiet(require(name).createCluster({ rootNodes, defaults }))
      await client.connect()
      return client
    }
    return [name, { open, rotate: () => (defaults.password = 'new') }]
  }),
  ...['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey'].map((name) => {
    const open = ({ server }) =>
      quiet(
        ioredisCluster(name, [{ host, port: server.port }], { redisOptions: { password: 'old' } })
      )
    return [name, { open, rotate: ({ options }) => (options.redisOptions.password = 'new') }]
  })
])

/** Ends a client that may be waiting to connect. */
const end = (client) =>
  client.end ? client.end(true) : (client.destroy ?? client.disconnect).call(client)

const openStore = async (t, own, kind) => {
  const client = await kind.open(own)
  t.after(async () => {
    try {
      await end(client)
    } catch {
      // It was on its way.
    }
  })
  const store = createKeyStore(client, { strict: true, readTimeout: 5_000, writeTimeout: 5_000 })
  assert.equal(store.native, true)
  return { client, store }
}

for (const [name, kind] of Object.entries(KINDS)) {
  describe(name, () => {
    test('its connections are hung up on: store and client go on', async (t) => {
      const own = await startServer(t)
      const { client, store } = await openStore(t, own, kind)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      kind.rotate(client)
      await own.rotate()
      assert.equal(await store.getExtId('i', 1), 'x')
      assert.equal(await store.saveIds('i', 2, 'y'), true)
      await until(async () => (await kind.get(client, 'i:b:2').catch(() => null)) === 'y', 5_000)
    })

    test('a call that waits for the server meanwhile', async (t) => {
      const own = await startServer(t)
      const { client, store } = await openStore(t, own, kind)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      let waiting
      await own.restart(async () => {
        waiting = store.saveIds('i', 2, 'y')
        // It has been tried with what the client had.
        await new Promise((resolve) => setTimeout(resolve, 100))
        kind.rotate(client)
      })
      assert.equal(await waiting, true)
    })

    test('before the first call', async (t) => {
      const own = await startServer(t)
      const { client, store } = await openStore(t, own, kind)
      kind.rotate(client)
      await own.rotate()
      assert.equal(await store.saveIds('i', 1, 'x'), true)
    })

    test('one that the client does not know: AUTH, until it does', async (t) => {
      const own = await startServer(t)
      const { client, store } = await openStore(t, own, kind)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      await own.rotate()
      await assert.rejects(store.getExtId('i', 1), { code: 'AUTH' })
      kind.rotate(client)
      assert.equal(await store.getExtId('i', 1), 'x')
    })
  })
}

describe('a cluster', () => {
  for (const [name, kind] of Object.entries(CLUSTERS)) {
    test(name, async (t) => {
      const own = await startServer(t, [
        'cluster-enabled yes',
        `cluster-announce-ip ${host}`,
        'cluster-config-file nodes.conf'
      ])
      await own.command('cluster', 'addslotsrange', 0, 16_383)
      const isUp = async () => (await own.command('cluster', 'info')).includes('cluster_state:ok')
      await until(isUp)
      const { client, store } = await openStore(t, own, kind)
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      kind.rotate(client)
      await own.rotate()
      assert.equal(await store.getExtId('i', 1), 'x')
      await own.restart(async () => {})
      assert.equal(await store.saveIds('i', 2, 'y'), true)
    })
  }
})

describe('sentinels, whose own password is changed too', () => {
  const KINDS = Object.fromEntries([
    ...['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey'].map((name) => {
      const open = (sentinels) => {
        const Redis = require(name).Redis ?? require(name)
        const login = { password: 'old', sentinelPassword: 'old' }
        return quiet(new Redis({ sentinels, name: 'main', ...login, retryStrategy: () => 20 }))
      }
      const rotate = ({ options }) =>
        Object.assign(options, { password: 'new', sentinelPassword: 'new' })
      return [name, { open, rotate }]
    }),
    ...['redis6'].map((name) => {
      const login = { password: 'old' }
      const open = async (sentinelRootNodes) => {
        const options = { nodeClientOptions: login, sentinelClientOptions: login }
        const { createSentinel } = require(name)
        const client = quiet(createSentinel({ name: 'main', sentinelRootNodes, ...options }))
        await client.connect()
        return client
      }
      return [name, { open, rotate: () => (login.password = 'new') }]
    })
  ])

  for (const [name, kind] of Object.entries(KINDS)) {
    test(name, async (t) => {
      const own = await startServer(t)
      const config = path.join(own.server.directory, 'sentinel.conf')
      const watch = `sentinel monitor main ${host} ${own.server.port} 1`
      const login = 'sentinel auth-user main watcher\nsentinel auth-pass main watching'
      fs.writeFileSync(config, `requirepass old\n${watch}\n${login}\n`)
      const sentinel = await startRedis({ config, args: ['--sentinel'] })
      t.after(() => sentinel.stop())
      const at = redis.createClient({ port: sentinel.port, password: 'old' })
      t.after(() => at.end(true))
      const command = commander(at)

      const open = () => kind.open([{ host, port: sentinel.port }])
      const { client, store } = await openStore(t, own, { open })
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      kind.rotate(client)
      await command('acl', 'setuser', 'default', 'resetpass', '>new')
      await own.rotate()
      assert.equal(await store.getExtId('i', 1), 'x')
    })
  }
})
