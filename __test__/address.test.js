/** URLs and options objects: each reaches the server, user, database and keys that it names. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const createKeyStore = require('..')
const { freePort } = require('../scripts/redis')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')
const { makeCertificates, tlsConfiguration } = require('./support/tls')

const PASSWORD = 'p@ss:w/rd %'

const certificates = makeCertificates()
after(certificates.remove)

const encoded = encodeURIComponent(PASSWORD)
const socket = () => path.join(server.directory, 'redis.sock')
const ca = certificates.read('ca.crt')
const [cert, key] = [certificates.read('client.crt'), certificates.read('client.key')]

let tlsPort
const server = useServer({
  args: ['--unixsocket', 'redis.sock'],
  prepare: async ({ command }) => {
    tlsPort = await freePort()
    await command('config', 'set', ...tlsConfiguration(certificates, tlsPort, 'optional'))
    await command('acl', 'setuser', 'ann', 'on', `>${PASSWORD}`, '~*', '+@all')
  }
})

/** Saves a pair and tells where it was found: user, database and key prefix. */
const whereabouts = async (address, options) => {
  await server.command('flushall')
  const store = createKeyStore(address, {
    strict: true,
    readTimeout: 2_000,
    writeTimeout: 2_000,
    ...options
  })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getExtId('i', 1), 'x')
  const list = await server.command('client', 'list')
  const own = list.split('\n').find((line) => line.includes('name=js-redis-key-store'))
  await store.quit()
  const [, db] = / db=(\d+) /.exec(own)
  const [, user] = / user=(\S+) /.exec(own)
  await server.command('select', db)
  const [found] = await server.command('keys', '*i:b:1')
  return { user, db: Number(db), prefix: found.slice(0, -'i:b:1'.length) }
}

const DEFAULT = { user: 'default', db: 0, prefix: '' }

describe('each form of address', () => {
  const host = '127.0.0.1'
  const tls = { ca }
  const forms = [
    ['a URL', () => `redis://${host}:${server.port}`, {}],
    ['a URL by name', () => `redis://localhost:${server.port}/`, {}],
    ['a URL with a database', () => `redis://${host}:${server.port}/5`, { db: 5 }],
    ['a URL with a database as parameter', () => `redis://${host}:${server.port}?db=6`, { db: 6 }],
    [
      'a URL with a user',
      () => `redis://ann:${encoded}@${host}:${server.port}/2`,
      { user: 'ann', db: 2 }
    ],
    ['a password that the server does not want', () => `redis://:x@${host}:${server.port}`, {}],
    ['a unix URL', () => `unix://${socket()}`, {}],
    [
      'a unix URL with user and database',
      () => `unix://ann:${encoded}@${socket()}?db=3`,
      { user: 'ann', db: 3 }
    ],
    ['a URL in options', () => ({ url: `redis://${host}:${server.port}/4` }), { db: 4 }],
    [
      'options beside a URL',
      () => ({ url: `redis://${host}:${server.port}/4`, db: 7, keyPrefix: 'p:' }),
      { db: 7, prefix: 'p:' }
    ],
    ['host and port', () => ({ host, port: server.port, db: 1 }), { db: 1 }],
    ['a port alone', () => ({ port: server.port }), {}],
    [
      'user and password',
      () => ({ port: server.port, username: 'ann', password: PASSWORD }),
      { user: 'ann' }
    ],
    ['a path', () => ({ path: socket(), keyPrefix: 'q:' }), { prefix: 'q:' }],
    ['TLS with a CA', () => ({ port: tlsPort, tls }), {}],
    [
      'TLS by name',
      () => ({ host: 'localhost', port: tlsPort, tls: { ca: [Buffer.from(ca)] } }),
      {}
    ],
    [
      'TLS with another server name',
      () => ({ port: tlsPort, tls: { ca, servername: 'localhost' } }),
      {}
    ],
    [
      'TLS that trusts anyone',
      () => ({ url: `rediss://${host}:${tlsPort}`, tls: { rejectUnauthorized: false } }),
      {}
    ],
    [
      'mutual TLS',
      () => ({ url: `rediss://${host}:${tlsPort}/1`, tls: { ca, cert, key } }),
      { db: 1 }
    ]
  ]
  for (const [name, address, expected] of forms) {
    test(name, async () =>
      assert.deepEqual(await whereabouts(address()), { ...DEFAULT, ...expected })
    )
  }
})

test('the keyPrefix option stands in place of that of the address', async () => {
  const address = { port: server.port, keyPrefix: 'address:' }
  assert.equal((await whereabouts(address, { keyPrefix: 'option:' })).prefix, 'option:')
})

describe('TLS that must not be trusted', () => {
  const wrong = [
    ['an unknown authority', {}, /certificate/],
    ['another authority', { ca: certificates.read('stranger.crt') }, /certificate/],
    ['another name', { ca, servername: 'example.org' }, /certificate/]
  ]
  for (const [name, tls, message] of wrong) {
    test(name, async () => {
      const store = createKeyStore({ port: tlsPort, tls }, { strict: true, readTimeout: 300 })
      await assert.rejects(store.getExtId('i', 1), { code: 'TLS', message })
      await store.quit()
    })
  }

  test('no client certificate where one is wanted', async () => {
    await server.command('config', 'set', 'tls-auth-clients', 'yes')
    const store = createKeyStore({ port: tlsPort, tls: { ca } }, { strict: true, readTimeout: 300 })
    await assert.rejects(store.getExtId('i', 1), { name: 'KeyStoreError' })
    const trusted = createKeyStore({ port: tlsPort, tls: { ca, cert, key } }, { strict: true })
    assert.equal(await trusted.getExtId('i', 'none'), null)
    await Promise.all([store.quit(), trusted.quit()])
    await server.command('config', 'set', 'tls-auth-clients', 'optional')
  })
})

describe("TLS by the process's environment", () => {
  const script = (port) => `
    const store = require('.')('rediss://127.0.0.1:${port}', { readTimeout: 500 })
    store.getExtId('i', 'none').then((found) => console.log(found))
  `
  const environments = [
    ['nothing set', {}, 'undefined\n'],
    ['NODE_EXTRA_CA_CERTS', { NODE_EXTRA_CA_CERTS: certificates.file('ca.crt') }, 'null\n'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'null\n']
  ]
  for (const [name, env, expected] of environments) {
    test(name, async () => {
      const { stdout, code } = await runScript(script(tlsPort), { env })
      assert.deepEqual([code, stdout], [0, expected])
    })
  }
})
