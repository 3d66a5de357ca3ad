/** The store is the user that its client is, however that one was told who it is. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { connections, disconnected, useServer } = require('./support/redis')
const { until } = require('./support/topologies')

const PASSWORD = 'secret'
const SENTINEL_PASSWORD = 'of the sentinel'

/** User ann has a password, bob needs none, and who says nothing is `default`. */
const prepare = async ({ command }) => {
  await command('acl', 'setuser', 'ann', 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
  await command('acl', 'setuser', 'bob', 'on', 'nopass', '~*', '&*', '+@all')
}

const server = useServer({ prepare })

const cluster = useServer({
  args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  prepare: async (own) => {
    await prepare(own)
    await own.command('cluster', 'addslotsrange', 0, 16_383)
    await until(async () => (await own.command('cluster', 'info')).includes('cluster_state:ok'))
  }
})

let sentinel
const master = useServer({
  prepare: async (own) => {
    await prepare(own)
    const config = path.join(own.directory, 'sentinel.conf')
    const lines = [
      `requirepass "${SENTINEL_PASSWORD}"`,
      `sentinel monitor main 127.0.0.1 ${own.port} 1`
    ]
    fs.writeFileSync(config, `${lines.join('\n')}\n`)
    sentinel = await startRedis({ config, args: ['--sentinel'] })
  }
})
after(() => sentinel?.stop())

const host = '127.0.0.1'
const WHOAMI = ['ACL', 'WHOAMI']
const quiet = (client) => client.on('error', () => {})

const redis3 = (name) => ({
  open: ({ username, ...login }) =>
    quiet(require(name).createClient({ host, port: server.port, user: username, ...login })),
  openUrl: (url) => quiet(require(name).createClient(url)),
  whoami: (client) =>
    new Promise((resolve, reject) => {
      const done = (error, reply) => (error ? reject(error) : resolve(reply))
      client.send_command('acl', ['whoami'], done)
    })
})

const nodeRedis = (name, options) => {
  const connected = async (client) => {
    await quiet(client).connect()
    return client
  }
  const open = (given) => connected(require(name).createClient({ ...given, ...options }))
  return {
    open: (login) => open({ socket: { host, port: server.port }, ...login }),
    openUrl: (url) => open({ url }),
    openCluster: (login, root) => {
      const rootNodes = [{ socket: { host, port: cluster.port }, ...root }]
      return connected(require(name).createCluster({ rootNodes, defaults: login, ...options }))
    },
    whoami: async (client) => {
      const node = client.masters ? await client.nodeClient(client.masters[0]) : client
      return node.sendCommand(WHOAMI)
    }
  }
}

const ioredis = (name) => {
  const Redis = require(name).Redis ?? require(name)
  return {
    open: (login) => quiet(new Redis({ host, port: server.port, ...login })),
    openUrl: (url) => quiet(new Redis(url)),
    openCluster: (redisOptions, root) =>
      quiet(new Redis.Cluster([{ host, port: cluster.port, ...root }], { redisOptions })),
    whoami: (client) => client.call(...WHOAMI)
  }
}

const glide = {
  open: (credentials) =>
    require('@valkey/valkey-glide').GlideClient.createClient({
      addresses: [{ host, port: server.port }],
      credentials
    }),
  openCluster: (credentials) =>
    require('@valkey/valkey-glide').GlideClusterClient.createClient({
      addresses: [{ host, port: cluster.port }],
      credentials
    }),
  whoami: async (client) => {
    const reply = await client.customCommand(WHOAMI)
    return typeof reply === 'string' ? reply : Object.values(reply)[0]
  }
}

const KINDS = {
  'redis 2': redis3('redis2'),
  'redis 3': redis3('redis3'),
  'redis 4': nodeRedis('redis4'),
  'redis 5': nodeRedis('redis5'),
  'redis 5 with RESP 3': nodeRedis('redis5', { RESP: 3 }),
  'redis 6': nodeRedis('redis6'),
  'redis 6 with RESP 2': nodeRedis('redis6', { RESP: 2 }),
  'ioredis 4': ioredis('ioredis4'),
  'ioredis 5': ioredis('ioredis5'),
  'ioredis 6': ioredis('ioredis6'),
  iovalkey: ioredis('iovalkey'),
  'valkey-glide': glide
}

/** The user of the store's own connections. */
const users = async ({ command }) => {
  const lines = await connections(command)
  return [...new Set(lines.map((line) => / user=(\S+) /.exec(line)[1]))].join()
}

const assertSameUser = async (own, client, whoami) => {
  const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
  try {
    assert.equal(store.native, true)
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    const user = await users(own)
    assert.equal(user, await whoami(client))
    return user
  } finally {
    await store.quit()
    await disconnected(own.command)
  }
}

const LOGINS = [
  {},
  { password: '' },
  { username: 'bob' },
  { username: 'bob', password: '' },
  { username: 'bob', password: 'any' },
  { username: 'ann', password: PASSWORD }
]

for (const [kind, { open, openUrl, openCluster, whoami }] of Object.entries(KINDS)) {
  describe(kind, () => {
    for (const login of LOGINS) {
      const name = JSON.stringify(login)
      test(name, async () => assertSameUser(server, await open(login), whoami))
      if (!openCluster) continue
      test(`a cluster with ${name}`, async () =>
        assertSameUser(cluster, await openCluster(login), whoami))
    }
    for (const user of openUrl ? ['bob@', 'bob:@', 'bob:any@'] : []) {
      test(`a URL with ${user}`, async () =>
        assertSameUser(server, await openUrl(`redis://${user}${host}:${server.port}`), whoami))
    }
  })
}

describe('an address', () => {
  const addresses = [
    [{ username: 'bob' }, 'bob'],
    [{ username: 'bob', password: '' }, 'bob'],
    [{ username: '', password: '' }, 'default'],
    [{ username: 'ann', password: PASSWORD }, 'ann'],
    [{ url: 'redis://bob@HOST' }, 'bob'],
    [{ url: 'redis://bob:@HOST' }, 'bob'],
    ['redis://bob@HOST', 'bob'],
    ['redis://@HOST', 'default']
  ]
  for (const [address, user] of addresses) {
    test(JSON.stringify(address), async () => {
      const url = (text) => text?.replace('HOST', `${host}:${server.port}`)
      const given =
        typeof address === 'string'
          ? url(address)
          : { ...(address.url ? {} : { port: server.port }), ...address, url: url(address.url) }
      const store = createKeyStore(given, { strict: true })
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      assert.equal(await users(server), user)
      await store.quit()
      await disconnected(server.command)
    })
  }
})

/** A provider that gives logins in turn, the last again and again. */
const provider = (...logins) => ({
  type: 'async-credentials-provider',
  credentials: async () => (logins.length > 1 ? logins.shift() : logins[0])
})

const ANN = { username: 'ann', password: PASSWORD }
const BOB = { username: 'bob' }

for (const kind of ['redis 5', 'redis 5 with RESP 3', 'redis 6', 'redis 6 with RESP 2']) {
  const { open, openCluster, whoami } = KINDS[kind]

  describe(`${kind}: a credentials provider`, () => {
    test('of a user without a password', async () =>
      assertSameUser(server, await open({ credentialsProvider: provider(BOB) }), whoami))

    test('goes before a user and password beside it', async () => {
      const login = { username: 'bob', password: 'any', credentialsProvider: provider(ANN) }
      assert.equal(await assertSameUser(server, await open(login), whoami), 'ann')
    })

    test("a cluster's", async () => {
      const login = { credentialsProvider: provider(ANN) }
      assert.equal(await assertSameUser(cluster, await openCluster(login), whoami), 'ann')
    })

    test("a cluster's, asked again when a connection is lost", async () => {
      const credentialsProvider = provider(ANN, { username: 'bob', password: 'any' })
      const createCluster = require(kind.startsWith('redis 5') ? 'redis5' : 'redis6').createCluster
      const rootNodes = [{ socket: { host, port: cluster.port } }]
      const store = createKeyStore(createCluster({ rootNodes, defaults: { credentialsProvider } }))
      await store.saveIds('i', 1, 'x')
      assert.equal(await users(cluster), 'ann')
      for (const line of await connections(cluster.command)) {
        await cluster.command('client', 'kill', 'id', / ?id=(\d+) /.exec(line)[1])
      }
      await until(async () => {
        await store.getExtId('i', 1)
        return (await users(cluster)) === 'bob'
      })
      await store.quit().catch(() => {})
      await disconnected(cluster.command)
    })
  })
}

test('redis 4 knows no credentials provider', async () => {
  const { open, openCluster, whoami } = KINDS['redis 4']
  const login = { credentialsProvider: provider(ANN) }
  assert.equal(await assertSameUser(server, await open(login), whoami), 'default')
  assert.equal(await assertSameUser(cluster, await openCluster(login), whoami), 'default')
})

for (const kind of ['redis 4', 'redis 5', 'redis 6']) {
  test(`${kind}: a login of the nodes that a cluster is found by is not its own`, async () => {
    const { openCluster, whoami } = KINDS[kind]
    const client = await openCluster({}, ANN)
    assert.equal(await assertSameUser(cluster, client, whoami), 'default')
  })
}

for (const kind of ['ioredis 4', 'ioredis 5', 'ioredis 6', 'iovalkey']) {
  test(`${kind}: a login of the node that a cluster has`, async () => {
    const { openCluster, whoami } = KINDS[kind]
    assert.equal(await assertSameUser(cluster, await openCluster({}, ANN), whoami), 'ann')
    assert.equal(await assertSameUser(cluster, await openCluster({}, BOB), whoami), 'bob')
  })
}

describe('sentinels', () => {
  const nodes = () => [{ host, port: sentinel.port }]

  for (const [name, login] of Object.entries({ ann: ANN, bob: { ...BOB, password: 'any' } })) {
    test(`redis 6: providers of both logins, the master's ${name}`, async () => {
      const client = require('redis6').createSentinel({
        name: 'main',
        sentinelRootNodes: nodes(),
        nodeClientOptions: { credentialsProvider: provider(login) },
        sentinelClientOptions: { credentialsProvider: provider({ password: SENTINEL_PASSWORD }) }
      })
      quiet(client)
      await client.connect()
      const whoami = (own) => own.use((one) => one.sendCommand(true, WHOAMI))
      assert.equal(await assertSameUser(master, client, whoami), name)
    })
  }

  for (const kind of ['ioredis 4', 'ioredis 5', 'ioredis 6', 'iovalkey']) {
    test(`${kind}: a user without a password`, async () => {
      const { open, whoami } = KINDS[kind]
      const sentinels = { sentinels: nodes(), sentinelPassword: SENTINEL_PASSWORD, name: 'main' }
      const client = await open({ ...sentinels, ...BOB })
      assert.equal(await assertSameUser(master, client, whoami), 'bob')
    })
  }

  test('a provider that streams, of either login, is delegated to', () => {
    const streaming = { type: 'streaming-credentials-provider', subscribe: () => {} }
    for (const name of ['nodeClientOptions', 'sentinelClientOptions']) {
      const client = require('redis6').createSentinel({
        name: 'main',
        sentinelRootNodes: nodes(),
        [name]: { credentialsProvider: streaming }
      })
      assert.equal(createKeyStore(client).native, false)
    }
    for (const version of ['redis5', 'redis6']) {
      const rootNodes = [{ socket: { host, port: cluster.port } }]
      const defaults = { credentialsProvider: streaming }
      const client = require(version).createCluster({ rootNodes, defaults })
      assert.equal(createKeyStore(client).native, false)
    }
  })
})
