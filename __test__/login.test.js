/** Logins and other settings that a client does not simply have: providers, URLs, environment. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { afterEach, describe, test } = require('node:test')
const createKeyStore = require('..')
const { connections, disconnected, useServer } = require('./support/redis')

const PASSWORD = 'p@ss:w/rd %'

const server = useServer({
  prepare: async ({ command }) => {
    for (const name of ['ann', 'bob']) {
      await command('acl', 'setuser', name, 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
    }
  }
})

const user = async () => {
  const [line] = await connections(server.command)
  return / user=(\S+) /.exec(line)[1]
}

/** A provider that gives `names` in turn, the last again and again; notes what it was asked. */
const provider = (...names) => {
  const asked = []
  return {
    asked,
    type: 'async-credentials-provider',
    credentials: async () => {
      const username = names.length > 1 ? names.shift() : names[0]
      asked.push(username)
      return { username, password: PASSWORD }
    }
  }
}

for (const version of ['5', '6']) {
  const { createClient } = require(`redis${version}`)

  describe(`redis ${version}: a credentials provider`, () => {
    test('is asked before the first connection, and calls keep their order', async () => {
      const credentialsProvider = provider('ann')
      const store = createKeyStore(createClient({ url: server.url, credentialsProvider }))
      const answers = await Promise.all([
        store.saveIds('i', 1, 'x'),
        store.getExtId('i', 1),
        store.deleteIds('i', 1, 'x'),
        store.getExtId('i', 1)
      ])
      assert.deepEqual(answers, [true, 'x', true, null])
      assert.equal(await user(), 'ann')
      assert.deepEqual(credentialsProvider.asked, ['ann'])
      await store.quit().catch(() => {})
      await disconnected(server.command)
    })

    test('is asked again after the connection was lost', async () => {
      const credentialsProvider = provider('ann', 'bob')
      const store = createKeyStore(createClient({ url: server.url, credentialsProvider }))
      await store.saveIds('i', 1, 'x')
      const [line] = await connections(server.command)
      await server.command('client', 'kill', 'id', / ?id=(\d+) /.exec(line)[1])
      while (credentialsProvider.asked.length < 2) await store.getExtId('i', 1)
      assert.equal(await store.getExtId('i', 1), 'x')
      assert.equal(await user(), 'bob')
      await store.quit().catch(() => {})
      await disconnected(server.command)
    })

    test('fails the calls while it fails, and quit waits for it', async () => {
      let isDown = true
      const credentials = async () => {
        if (isDown) throw new Error('no token')
        return { username: 'ann', password: PASSWORD }
      }
      const credentialsProvider = { type: 'async-credentials-provider', credentials }
      const errors = []
      const store = createKeyStore(createClient({ url: server.url, credentialsProvider }), {
        onError: (error) => errors.push(error)
      })
      assert.equal(await store.saveIds('secret-token', 1, 'x'), false)
      assert.equal(await store.getExtId('secret-token', 1), undefined)
      assert.deepEqual([errors[0].code, errors[0].integration], ['AUTH', 'secr…'])
      assert.match(errors[0].message, /credentials provider failed: no token/)
      isDown = false
      const saved = store.saveIds('i', 1, 'x')
      const quit = store.quit().catch(() => {})
      assert.equal(await saved, true)
      await quit
    })
  })

  test(`redis ${version}: a URL's user, password and database`, async () => {
    const url = `redis://ann:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}/3`
    const store = createKeyStore(createClient({ url }))
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    const [line] = await connections(server.command)
    assert.match(line, / db=3 .* user=ann /)
    await store.quit().catch(() => {})
    await disconnected(server.command)
  })
}

test("the IP version is the client's", () => {
  const redis4 = require('../lib/clients/redis-4-6')
  const ioredis = require('../lib/clients/ioredis')
  const lazy = { lazyConnect: true }
  const families = [
    redis4.settings(require('redis5').createClient({ socket: { family: 6 } })),
    redis4.settings(require('redis5').createClient({ socket: { family: 'IPv4' } })),
    // It is about names alone.
    redis4.settings(require('redis5').createClient({ socket: { host: '127.0.0.1', family: 6 } })),
    redis4.settings(require('redis6').createClient()),
    ioredis.settings(new (require('ioredis4'))(lazy)),
    ioredis.settings(new (require('ioredis5'))({ ...lazy, family: 6 })),
    ioredis.settings(new (require('ioredis6'))(lazy))
  ].map(({ family }) => family)
  assert.deepEqual(families, [6, 4, undefined, undefined, 4, 6, undefined])
})

describe('the certificates that Node trusts are those that the environment names', () => {
  const tlsOf = () => {
    const { settings } = require('../lib/clients/redis-4-6')
    const socket = { tls: true, host: 'h', port: 1 }
    return settings(require('redis5').createClient({ socket })).tls
  }
  const own = { ...process.env }
  afterEach(() => {
    process.env = own
  })

  test('NODE_TLS_REJECT_UNAUTHORIZED', () => {
    assert.equal(tlsOf().rejectUnauthorized, true)
    process.env = { ...own, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    assert.equal(tlsOf().rejectUnauthorized, false)
  })
  test('NODE_EXTRA_CA_CERTS', () => {
    process.env = { ...own, NODE_EXTRA_CA_CERTS: __filename }
    assert.equal(tlsOf().ca.at(-1), fs.readFileSync(__filename, 'utf8'))
  })
})

describe('a client whose settings make no sense is refused by the name of its family', () => {
  const ioredis = () => new (require('ioredis5'))({ lazyConnect: true })
  const redis5 = (socket) => require('redis5').createClient({ socket })
  const withOptions = (client, options) => Object.assign(client.options, options) && client
  const glide = (config) => ({ config, customCommand: () => {} })
  const cases = [
    [() => redis5({ host: '', port: 1 }), /a client of redis 4 or newer, but names no host/],
    [() => withOptions(ioredis(), { host: undefined }), /an ioredis client, but names no host/],
    [() => glide({ addresses: [{}] }), /a valkey-glide client, but its addresses name no host/],
    [() => glide({ addresses: [{ host: 'a' }, { host: 'b' }] }), /valkey-glide .* 2 addresses/],
    [
      () => glide({ addresses: [{ host: 'a' }], credentials: { username: 'a', iamConfig: {} } }),
      /valkey-glide client logs in by IAM/
    ]
  ]
  for (const [create, message] of cases) {
    test(String(message), () => {
      assert.throws(
        () => createKeyStore(create()),
        (error) => error.constructor === TypeError && message.test(error.message)
      )
    })
  }
})
