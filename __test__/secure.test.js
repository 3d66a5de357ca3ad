/** Cluster and Sentinel behind TLS and logins of their own. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { after, test } = require('node:test')
const { Cluster, Redis } = require('ioredis5')
const createKeyStore = require('..')
const { freePort, startRedis } = require('../scripts/redis')
const { connections, disconnected, useServer } = require('./support/redis')
const { until } = require('./support/topologies')
const { makeCertificates, tlsConfiguration } = require('./support/tls')

const PASSWORD = 'p@ss:w/rd %'
const SENTINEL_PASSWORD = 'of the sentinel'

const certificates = makeCertificates()
const [ca, cert, key] = ['ca.crt', 'client.crt', 'client.key'].map(certificates.read)
const tls = { ca, cert, key }

/** A server that takes user ann over TLS, with a certificate. */
const secured = (args, prepare) => {
  let tlsPort
  return useServer({
    args: async () => {
      tlsPort = await freePort()
      const settings = tlsConfiguration(certificates, tlsPort, 'yes')
      return [...settings.map((word, n) => (n % 2 ? word : `--${word}`)), ...args]
    },
    prepare: async (server) => {
      server.tlsPort = tlsPort
      await server.command('acl', 'setuser', 'ann', 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
      await prepare?.(server)
    }
  })
}

const cluster = secured(
  ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  async ({ command }) => {
    await command('cluster', 'addslotsrange', 0, 16_383)
    await until(async () => (await command('cluster', 'info')).includes('cluster_state:ok'))
  }
)

/** Starts a sentinel that watches a server, with TLS and a password of its own. */
const startSentinel = async ({ directory, tlsPort }) => {
  const port = await freePort()
  const config = path.join(directory, 'sentinel.conf')
  const settings = tlsConfiguration(certificates, port, 'yes')
  const lines = Array.from({ length: settings.length / 2 }, (_, n) =>
    settings.slice(2 * n, 2 * n + 2).join(' ')
  )
  lines.push(
    'tls-replication yes',
    `requirepass "${SENTINEL_PASSWORD}"`,
    `sentinel monitor primary 127.0.0.1 ${tlsPort} 1`
  )
  fs.writeFileSync(config, `${lines.join('\n')}\n`)
  return { port, server: await startRedis({ config, args: ['--sentinel'] }) }
}

let sentinel
const master = secured([], async (master) => {
  sentinel = await startSentinel(master)
})

after(async () => {
  await sentinel?.server.stop()
  certificates.remove()
})

const roundTrip = async (store, client) => {
  assert.equal(store.native, true)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await client.get('i:b:1'), 'x')
  await client.set('i:b:2', 'by the client')
  assert.equal(await store.getExtId('i', 2), 'by the client')
  assert.equal(await store.deleteAllIds('i'), true)
  await store.quit()
}

test('a cluster with TLS, client certificates and a user', async () => {
  const client = new Cluster([{ host: '127.0.0.1', port: cluster.tlsPort }], {
    redisOptions: { tls, username: 'ann', password: PASSWORD }
  })
  await roundTrip(createKeyStore(client, { strict: true, readTimeout: 5_000 }), client)
})

test('a sentinel with TLS and a password of its own, its master with another login', async () => {
  const client = new Redis({
    sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
    name: 'primary',
    sentinelPassword: SENTINEL_PASSWORD,
    sentinelTLS: tls,
    enableTLSForSentinelMode: true,
    tls,
    username: 'ann',
    password: PASSWORD,
    db: 3
  })
  await roundTrip(createKeyStore(client, { strict: true, readTimeout: 5_000 }), client)
})

/** The same by address: as an object, and as a URL beside options that have no place in one. */
const login = { username: 'ann', password: PASSWORD }
const encoded = [PASSWORD, SENTINEL_PASSWORD].map(encodeURIComponent)
const ADDRESSES = {
  'a cluster as an object': () => ({
    cluster: { nodes: [`127.0.0.1:${cluster.tlsPort}`] },
    tls,
    ...login
  }),
  'a cluster as a URL': () => ({
    url: `rediss-cluster://ann:${encoded[0]}@127.0.0.1:${cluster.tlsPort}`,
    tls
  }),
  'a sentinel as an object': () => ({
    sentinel: {
      nodes: [{ host: '127.0.0.1', port: sentinel.port }],
      name: 'primary',
      password: SENTINEL_PASSWORD
    },
    tls,
    db: 3,
    ...login
  }),
  'a sentinel as a URL': () => ({
    url:
      `rediss-sentinel://ann:${encoded[0]}@127.0.0.1:${sentinel.port}/3` +
      `?sentinelServiceName=primary&sentinelPassword=${encoded[1]}`,
    tls
  })
}

for (const [name, address] of Object.entries(ADDRESSES)) {
  test(`without a client: ${name}, with TLS and logins`, async () => {
    const own = name.includes('cluster') ? cluster : master
    const store = createKeyStore(address(), { strict: true, readTimeout: 5_000 })
    assert.equal(await store.saveIds('i', name, 'x'), true)
    assert.equal(await store.getExtId('i', name), 'x')
    const [line] = await connections(own.command)
    assert.match(line, name.includes('cluster') ? / db=0 .*user=ann / : / db=3 .*user=ann /)
    assert.equal(await store.deleteAllIds('i'), true)
    await store.quit()
    await disconnected(own.command)
  })
}

test('without a client: a sentinel whose own TLS is another than its master', async () => {
  const { url, ...beside } = ADDRESSES['a sentinel as an object']()
  const sentinelOnly = { ...beside.sentinel, tls: { ca, servername: 'example.org', cert, key } }
  const store = createKeyStore({ ...beside, sentinel: sentinelOnly }, { readTimeout: 300 })
  const errors = []
  const strict = createKeyStore(
    { ...beside, sentinel: { ...beside.sentinel, tls: false } },
    { readTimeout: 300, onError: (error) => errors.push(error.code) }
  )
  assert.equal(await store.getExtId('i', 1), undefined)
  assert.equal(await strict.getExtId('i', 1), undefined)
  assert.notEqual(errors[0], 'TLS')
  await Promise.all([store.quit(), strict.quit()])
})

test('a sentinel that refuses the login', async () => {
  const client = new Redis({
    sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
    name: 'primary',
    sentinelPassword: 'wrong',
    sentinelTLS: tls,
    lazyConnect: true
  })
  const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
  await assert.rejects(store.getExtId('i', 1), {
    code: 'AUTH',
    message: /sentinel 127\.0\.0\.1:\d+ refused the login/
  })
  client.disconnect()
})
