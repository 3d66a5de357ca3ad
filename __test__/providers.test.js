/** A client's credentials are those of now, and their provider is asked no more often than a connection needs. */

const assert = require('node:assert/strict')
const diagnostics = require('node:diagnostics_channel')
const { beforeEach, describe, test } = require('node:test')
const createKeyStore = require('..')
const { runScript } = require('./support/programs')
const { connections, disconnected, useServer } = require('./support/redis')

const { ANN, BOB, allow, prompt } = require('./support/credentials')
const server = useServer({ prepare: allow })
beforeEach(() => server.command('flushall'))

for (const version of [5, 6]) {
  const { createClient } = require(`redis${version}`)

  describe(`redis ${version}`, () => {
    const open = (t, credentialsProvider, options) => {
      const client = createClient({ url: server.url, credentialsProvider })
      const store = createKeyStore(client, options)
      t.after(async () => {
        await store.quit().catch(() => {})
        await disconnected(server.command)
      })
      return { client, store }
    }

    describe('the provider is asked', () => {
      for (const [name, answer] of Object.entries({ 'a login': ANN, 'no login': {} })) {
        test(`once for a connection, however many calls are awaited: ${name}`, async (t) => {
          const credentialsProvider = prompt(answer)
          const { store } = open(t, credentialsProvider)
          for (let n = 0; n < 20; n++) {
            assert.equal(await store.saveIds('i', n, n), true)
            if (n % 5 === 0) await new Promise(setImmediate)
          }
          assert.equal(credentialsProvider.asked, 1)
          assert.equal(store.stats().reconnects, 0)
        })
      }

      test('once more by the next call when the connection was lost', async (t) => {
        const credentialsProvider = prompt(ANN, ANN, BOB)
        const { store } = open(t, credentialsProvider)
        const heard = []
        const listener = ({ state }) => heard.push(state)
        diagnostics.subscribe('js-redis-key-store:connection', listener)
        t.after(() => diagnostics.unsubscribe('js-redis-key-store:connection', listener))
        for (const user of ['ann', 'ann', 'bob']) {
          for (let n = 0; n < 5; n++) assert.equal(await store.saveIds('i', n, n), true)
          const [line, ...others] = await connections(server.command)
          assert.match(line, new RegExp(` user=${user} `))
          assert.deepEqual(others, [])
          heard.length = 0
          await server.command('client', 'kill', 'id', / ?id=(\d+) /.exec(line)[1])
          while (!heard.includes('lost')) await new Promise(setImmediate)
        }
        assert.equal(credentialsProvider.asked, 3)
      })

      test('once in an outage', async (t) => {
        const credentialsProvider = prompt(ANN)
        const { store } = open(t, credentialsProvider, { readTimeout: 50 })
        await store.saveIds('i', 1, 'x')
        await server.kill()
        for (let n = 0; n < 5; n++) assert.equal(await store.getExtId('i', 1), undefined)
        await server.restart()
        await allow(server)
        assert.equal(await store.saveIds('i', 2, 'y'), true)
        assert.equal(credentialsProvider.asked, 2)
      })

      test('again when the server refused what it gave', async (t) => {
        const credentialsProvider = prompt({ ...ANN, password: 'old' }, ANN)
        const { store } = open(t, credentialsProvider, { strict: true })
        await assert.rejects(store.saveIds('i', 1, 'x'), { code: 'AUTH' })
        assert.equal(await store.saveIds('i', 1, 'x'), true)
        assert.equal(await store.getExtId('i', 1), 'x')
        assert.equal(credentialsProvider.asked, 2)
      })
    })

    test('a process whose calls waited ends by itself', async () => {
      const { code, signal, stdout, stderr } = await runScript(`
        const { createClient } = require('redis${version}')
        const credentials = () =>
          new Promise((resolve) => setTimeout(resolve, 50, ${JSON.stringify(ANN)}))
        const credentialsProvider = { type: 'async-credentials-provider', credentials }
        const client = createClient({ url: '${server.url}', credentialsProvider })
        require('.')(client).saveIds('i', 1, 'x').then(console.log)
      `)
      assert.deepEqual([code, signal, stdout, stderr], [0, null, 'true\n', ''])
    })
  })
}

test('valkey-glide: a password changed later is the one that is used', async () => {
  const { GlideClient } = require('@valkey/valkey-glide')
  const addresses = [{ host: '127.0.0.1', port: server.port }]
  const client = await GlideClient.createClient({ addresses, credentials: ANN })
  const store = createKeyStore(client, { strict: true })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await server.command('acl', 'setuser', ANN.username, 'resetpass', '>changed')
  await client.updateConnectionPassword('changed')
  const [line] = await connections(server.command)
  await server.command('client', 'kill', 'id', / ?id=(\d+) /.exec(line)[1])
  assert.equal(await store.getExtId('i', 1), 'x')
  await store.quit()
})
