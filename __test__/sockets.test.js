/** How a client's sockets are made: literal addresses, its own look-up, and what only Node can do. */

const assert = require('node:assert/strict')
const dns = require('node:dns')
const os = require('node:os')
const { describe, test } = require('node:test')
const nodeTls = require('node:tls')
const createKeyStore = require('..')
const { useServer } = require('./support/redis')

const server = useServer({
  args: ['--bind', '*', '-::*', '--protected-mode', 'no']
})

const quiet = (client) => client.on('error', () => {})

const NODE_REDIS = ['redis4', 'redis5', 'redis6']
const IOREDIS = ['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey']
const SEED = { host: 'h', port: 1 }

/** What each kind makes of options of a socket, and of such for TLS; nothing connects. */
const KINDS = Object.fromEntries([
  ...NODE_REDIS.flatMap((name) => {
    const redis = require(name)
    return [
      [name, (socket, tls) => redis.createClient({ socket: { ...socket, tls } })],
      [
        `${name} cluster`,
        (socket, tls) =>
          redis.createCluster({
            rootNodes: [{ socket: SEED }],
            defaults: { socket: { ...socket, tls } }
          })
      ],
      [
        `${name} cluster, at its nodes`,
        (socket, tls) =>
          redis.createCluster({ rootNodes: [{ socket: { ...SEED, ...socket, tls } }] })
      ]
    ]
  }),
  ...['nodeClientOptions', 'sentinelClientOptions'].map((name) => [
    `redis6 sentinel, ${name}`,
    (socket, tls) =>
      require('redis6').createSentinel({
        name: 'm',
        sentinelRootNodes: [SEED],
        [name]: { socket: { ...socket, tls } }
      })
  ])
])

/** These take none but for TLS. */
const TLS_KINDS = Object.fromEntries([
  ...['redis2', 'redis3'].map((name) => [
    name,
    (tls) => {
      const client = quiet(require(name).createClient({ host: '127.0.0.1', port: 1, tls }))
      return client
    }
  ]),
  ...IOREDIS.flatMap((name) => {
    const Redis = require(name).Redis ?? require(name)
    const lazy = { lazyConnect: true }
    const sentinels = { ...lazy, sentinels: [SEED], name: 'm' }
    return [
      [name, (tls) => new Redis({ ...lazy, tls })],
      [`${name} cluster`, (tls) => new Redis.Cluster([SEED], { ...lazy, redisOptions: { tls } })],
      [`${name} sentinel`, (sentinelTLS) => new Redis({ ...sentinels, sentinelTLS })],
      [`${name} master`, (tls) => new Redis({ ...sentinels, tls, enableTLSForSentinelMode: true })]
    ]
  })
])

const own = () => {}

/** Whether the store has its own connection in spite of the option, plain and with TLS. */
const OPTIONS = [
  ['lookup', own, false],
  ['lookup', dns.lookup, true],
  ['lookup', undefined, true],
  ['localAddress', '127.0.0.1', false],
  ['localPort', 4000, false],
  ['hints', dns.ADDRCONFIG, false],
  ['signal', new AbortController().signal, false],
  ['autoSelectFamily', false, true],
  ['autoSelectFamilyAttemptTimeout', 300, true],
  ['noDelay', false, true],
  ['keepAlive', false, true],
  ['highWaterMark', 1024, true],
  ['ALPNProtocols', ['redis'], false],
  ['checkServerIdentity', own, false],
  ['ciphers', 'ECDHE-RSA-AES128-GCM-SHA256', false],
  ['secureContext', nodeTls.createSecureContext(), false],
  ['sigalgs', 'RSA-PSS+SHA256', false],
  ['passphrase', 'secret', false],
  ['minVersion', 'TLSv1.2', true],
  ['minVersion', 'TLSv1.3', false],
  ['maxVersion', 'TLSv1.3', true],
  ['maxVersion', 'TLSv1.2', false],
  ['rejectUnauthorized', false, true],
  ['servername', 'name', true]
]

const end = (client) => {
  if (client.end) client.end(true)
  else if (client.status) client.disconnect()
}

const isNative = (client) => {
  try {
    return createKeyStore(client).native
  } finally {
    end(client)
  }
}

for (const [option, value, expected] of OPTIONS) {
  describe(`${option}: ${typeof value === 'string' ? value : typeof value}`, () => {
    for (const [kind, make] of Object.entries(KINDS)) {
      test(kind, () => {
        for (const tls of [false, true]) {
          assert.equal(isNative(make({ [option]: value }, tls)), expected, `tls: ${tls}`)
        }
      })
    }
    for (const [kind, make] of Object.entries(TLS_KINDS)) {
      test(kind, () => assert.equal(isNative(make({ [option]: value })), expected))
    }
  })
}

test('TLS over a Unix socket', () => {
  for (const name of NODE_REDIS) {
    const socket = { path: '/run/redis.sock', tls: true }
    assert.equal(isNative(require(name).createClient({ socket })), false)
  }
  for (const name of IOREDIS) {
    const Redis = require(name).Redis ?? require(name)
    const options = { path: '/run/redis.sock', lazyConnect: true }
    assert.equal(isNative(new Redis({ ...options, tls: {} })), false)
    assert.equal(isNative(new Redis(options)), true)
  }
})

test('a path on Windows is that of a named pipe', (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')
  t.after(() => Object.defineProperty(process, 'platform', platform))
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' })
  const path = '\\\\.\\pipe\\redis'
  for (const name of NODE_REDIS) {
    assert.equal(isNative(require(name).createClient({ socket: { path } })), false)
  }
  for (const name of IOREDIS) {
    const Redis = require(name).Redis ?? require(name)
    assert.equal(isNative(new Redis({ path, lazyConnect: true })), false)
  }
})

test('ioredis: a place among the options of TLS goes before the one beside them', () => {
  const { settings } = require('../lib/clients/ioredis')
  for (const name of IOREDIS) {
    const Redis = require(name).Redis ?? require(name)
    const client = new Redis({ host: 'a', tls: { host: 'b', port: 7 }, lazyConnect: true })
    const { host, port } = settings(client)
    assert.deepEqual([host, port], ['b', 7])
    client.disconnect()
  }
})

/** Addresses of this machine that need no look-up. */
const linkLocal = Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
  addresses
    .filter(({ address }) => address.startsWith('fe80:'))
    .map(({ address }) => `${address}%${name}`)
)
const loopback = Object.entries(os.networkInterfaces()).find(([, [{ internal }]]) => internal)[0]

describe('a literal address, whatever the family', () => {
  const hosts = ['127.0.0.1', '::1', `::1%${loopback}`, '::1%nowhere', ...linkLocal]
  for (const host of hosts) {
    const assertServed = async (client) => {
      const store = createKeyStore(client, {
        strict: true,
        readTimeout: 3_000,
        writeTimeout: 3_000
      })
      assert.equal(store.native, true)
      assert.equal(await store.saveIds('i', host, 'x'), true)
      await store.quit().catch(() => {})
    }
    for (const family of [undefined, 0, 4, 6, '4', 'IPv6']) {
      test(`${host} and ${family}`, async () => {
        for (const name of NODE_REDIS) {
          const socket = { host, port: server.port, family }
          await assertServed(quiet(require(name).createClient({ socket })))
        }
        for (const name of IOREDIS) {
          const Redis = require(name).Redis ?? require(name)
          await assertServed(
            quiet(new Redis({ host, port: server.port, family, lazyConnect: true }))
          )
        }
      })
    }
    test(`${host} as an address`, async () => {
      await assertServed({ host, port: server.port })
      await assertServed({ host: `[${host}]`, port: server.port })
      await assertServed({ host, port: String(server.port), db: '1' })
    })
  }
})
