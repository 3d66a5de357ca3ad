/** Every kind of client in every kind of setting: the store writes where the live client reads. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const createKeyStore = require('..')
const { binding } = require('../lib/native/load')
const { freePort } = require('../scripts/redis')
const { KINDS, wrappedClients } = require('./support/clients')
const { useServer } = require('./support/redis')
const { makeCertificates, tlsConfiguration } = require('./support/tls')

const PASSWORD = 'p@ss:w/rd %'

const certificates = makeCertificates()
after(certificates.remove)
const [ca, cert, key] = ['ca.crt', 'client.crt', 'client.key'].map(certificates.read)

/** Gives a server a TLS port, for clients that bear certificates as `clients` says. */
const serveTls = async (server, clients) => {
  server.tlsPort = await freePort()
  await server.command('config', 'set', ...tlsConfiguration(certificates, server.tlsPort, clients))
}

const open = useServer({
  args: ['--unixsocket', 'redis.sock'],
  prepare: async (server) => {
    await serveTls(server, 'optional')
    await server.command('acl', 'setuser', 'ann', 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
  }
})

const closed = useServer({
  prepare: async (server) => {
    await serveTls(server, 'yes')
    await server.command('config', 'set', 'requirepass', PASSWORD)
  }
})

const local = (server) => ({ host: '127.0.0.1', port: server.port })

const SETTINGS = {
  plain: () => local(open),
  password: () => ({ ...local(closed), password: PASSWORD }),
  'ACL user': () => ({ ...local(open), username: 'ann', password: PASSWORD }),
  database: () => ({ ...local(open), db: 3 }),
  prefix: () => ({ ...local(open), keyPrefix: 'p*:' }),
  TLS: () => ({ host: 'localhost', port: open.tlsPort, tls: { ca } }),
  mTLS: () => ({
    host: 'localhost',
    port: closed.tlsPort,
    password: PASSWORD,
    tls: { ca, cert, key }
  }),
  'unix socket': () => ({ path: path.join(open.directory, 'redis.sock') })
}

/** What docs/clients.md says of the cells that cannot work. */
const PAGE = fs.readFileSync(path.join(__dirname, '..', 'docs', 'clients.md'), 'utf8')
const CANNOT = {
  'ACL user': /redis 2 has no user\s+names/,
  prefix: /redis 4, 5 and `legacy\(\)` have no key\s+prefix\. valkey-glide has no prefix/,
  mTLS: /valkey-glide has no prefix, Unix socket or client certificate/,
  'unix socket': /valkey-glide has no prefix, Unix socket or client certificate/
}

for (const [kind, { open: connect, get, set, lacks, isNative }] of Object.entries(KINDS)) {
  describe(kind, () => {
    for (const [setting, where] of Object.entries(SETTINGS)) {
      if (lacks[setting]) {
        test(`${setting}: ${lacks[setting]}, as docs/clients.md tells`, () => {
          assert.match(PAGE, CANNOT[setting])
        })
        continue
      }
      test(setting, async () => {
        const client = await connect(where())
        const store = createKeyStore(client, { strict: true, readTimeout: 5_000 })
        assert.equal(store.native, isNative && Boolean(binding))
        // The next kind of client finds none of this one's keys.
        await store.deleteAllIds('i')

        assert.equal(await store.saveIds('i', 1, 'x'), true)
        assert.equal(String(await get(client, 'i:b:1')), 'x')
        assert.equal(String(await get(client, 'i:e:x')), '1')
        await set(client, 'i:b:2', 'by the client')
        assert.equal(await store.getExtId('i', 2), 'by the client')
        assert.equal(await store.deleteIds('i', 1, 'x'), true)
        assert.equal(await store.deleteIds('i', 1, 'x'), false)
        assert.equal(await store.deleteAllIds('i'), true)
        assert.equal(await get(client, 'i:b:2'), null)

        await store.quit()
        await assert.rejects(store.getExtId('i', 1), { code: 'CLOSED' })
        const wrapped = wrappedClients.get(client)
        if (wrapped?.isOpen) wrapped.destroy()
      })
    }
  })
}
