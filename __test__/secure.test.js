/** Cluster and Sentinel behind TLS and logins of their own. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { after, test } = require('node:test')
const { Cluster, Redis } = require('ioredis5')
const createKeyStore = require('..')
const { freePort, startRedis } = require('../scripts/redis')
const { useServer } = require('./support/redis')
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
secured([], async (master) => {
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
