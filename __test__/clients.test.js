/** Live clients of redis 2.8 and 3.1: the store goes where the client goes. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const path = require('node:path')
const { inspect, promisify } = require('node:util')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { connections, disconnected, useServer } = require('./support/redis')

const PASSWORD = 'secret'

const server = useServer({
  args: ['--unixsocket', 'redis.sock', '--rename-command', 'DEL', 'ERASE'],
  prepare: async ({ command }) => {
    await command('acl', 'setuser', 'ann', 'on', `>${PASSWORD}`, '~*', '+@all')
    await command('acl', 'setuser', 'bob', 'on', `>${PASSWORD}`, '~*', '+@all')
  }
})

const local = (options) => ({ port: server.port, ...options })

/** The ways of making a client, with what its store must then do. */
const WAYS = {
  'port and host': (redis) => redis.createClient(server.port, '127.0.0.1'),
  'port and localhost': (redis) => redis.createClient(server.port, 'localhost'),
  options: (redis) => redis.createClient(local()),
  'a URL': (redis) => redis.createClient(server.url),
  'a URL in options': (redis) => redis.createClient({ url: server.url }),
  'a URL with a database': (redis) => redis.createClient(`${server.url}/4`),
  'a database': (redis) => redis.createClient(local({ db: 2 })),
  'a database as text': (redis) => redis.createClient(local({ db: '3' })),
  'a socket path': (redis) => redis.createClient(path.join(server.directory, 'redis.sock')),
  'a socket in options': (redis) =>
    redis.createClient({ path: path.join(server.directory, 'redis.sock') }),
  'a prefix': (redis) => redis.createClient(local({ prefix: 'p:' })),
  'a prefix in the URL': (redis) => redis.createClient(`${server.url}?prefix=u:`),
  'renamed commands': (redis) => redis.createClient(local({ rename_commands: { DEL: 'erase' } })),
  return_buffers: (redis) => redis.createClient(local({ return_buffers: true })),
  'a duplicate': (redis) => {
    const first = redis.createClient(local({ db: 5 }))
    const second = first.duplicate()
    first.quit()
    return second
  },
  'a subclass': (redis) => {
    class Client extends redis.RedisClient {}
    return new Client(local())
  }
}

const get = (client, key) => promisify(client.get).call(client, key)

for (const [version, redis] of [
  ['2.8', require('redis2')],
  ['3.1', require('redis3')]
]) {
  describe(`redis ${version}`, () => {
    for (const [name, create] of Object.entries(WAYS)) {
      test(`made with ${name}: writes where the client reads`, async () => {
        await server.command('flushall')
        const client = create(redis)
        const store = createKeyStore(client)
        assert.equal(await store.saveIds('i', 1, 'x'), true)
        assert.equal(String(await get(client, 'i:b:1')), 'x')
        await promisify(client.set).call(client, 'i:b:2', 'by the client')
        assert.equal(await store.getExtId('i', 2), 'by the client')
        if (name === 'renamed commands') assert.equal(await store.deleteIds('i', 1, 'x'), true)
        assert.equal(await store.deleteAllIds('i'), true)
        assert.equal(await server.command('dbsize'), 0)
        assert.equal(await store.quit(), true)
      })
    }

    test('a later select is followed at once, whether awaited or not', async () => {
      await server.command('flushall')
      const client = redis.createClient(local())
      const store = createKeyStore(client)
      const db = async (n, id) => {
        await server.command('select', n)
        return server.command('get', `i:b:${id}`)
      }
      client.select(3)
      const before = store.saveIds('i', 1, 'x')
      await once(client, 'ready')
      assert.equal(await before, true)
      await promisify(client.select).call(client, 4)
      await store.saveIds('i', 2, 'x')
      client.multi().select(5).exec()
      await store.saveIds('i', 3, 'x')
      // One that fails leaves the client where it was.
      client.select(99, () => {})
      await promisify(client.ping).call(client)
      await store.saveIds('i', 4, 'x')
      client.select(6)
      for (let n = 0; n < 100; n++) client.get('key')
      await store.saveIds('i', 5, 'x')
      const found = [await db(3, 1), await db(4, 2), await db(5, 3), await db(5, 4), await db(6, 5)]
      assert.deepEqual(found, Array(5).fill('x'))
      await store.quit()
      await server.command('select', 0)
    })

    test('a select that fails leads nowhere else, while it is under way neither', async () => {
      await server.command('flushall')
      const client = redis.createClient(local({ db: 4 }))
      client.on('error', () => {})
      const store = createKeyStore(client)
      for (const [n, db] of [99, 'abc', 1.5, -1].entries()) {
        client.select(db, () => {})
        assert.equal(await store.saveIds('i', n, `x${n}`), true)
        assert.equal(await get(client, `i:b:${n}`), `x${n}`)
      }
      assert.equal(await server.command('dbsize'), 0, 'nothing went to database 0')
      await store.quit()
    })

    test('calls made before a select stay in the old database', async () => {
      await server.command('flushall')
      const client = redis.createClient(local({ db: 1 }))
      const store = createKeyStore(client)
      const saves = []
      for (let n = 0; n < 50; n++) {
        client.select(n % 2)
        saves.push(store.saveIds('i', n, `x${n}`))
      }
      await Promise.all(saves)
      for (const db of [0, 1]) {
        await server.command('select', db)
        assert.equal(await server.command('dbsize'), 50)
        assert.equal(await server.command('get', `i:b:${48 + db}`), `x${48 + db}`)
      }
      await store.quit()
      await server.command('select', 0)
    })

    test('the client cannot be told from one without a store', async () => {
      const [client, other] = [redis.createClient(local()), redis.createClient(local())]
      await Promise.all([once(client, 'ready'), once(other, 'ready')])
      const store = createKeyStore(client)
      await store.saveIds('i', 1, 'x')
      assert.deepEqual(Object.keys(client), Object.keys(other))
      assert.deepEqual(client.eventNames(), other.eventNames())
      const shown = inspect(client, { depth: 0 }).match(/^ {2}closing: .*$/m)[0]
      assert.equal(shown, '  closing: [Getter/Setter],', 'as docs/clients.md tells')
      other.quit()
      await store.quit()
    })

    test('what the application does with its client ends the store and its connection', async () => {
      const ways = [(client) => client.quit(), (client) => client.end(true)]
      for (const close of ways) {
        const client = redis.createClient(local())
        const store = createKeyStore(client)
        const early = store.saveIds('i', 1, 'x')
        close(client)
        assert.equal(await early, true, 'calls already made complete')
        const late = [store.saveIds('i', 1, 'x'), store.getExtId('i', 1), store.deleteAllIds('i')]
        assert.deepEqual(await Promise.all(late), [false, undefined, false])
        const remade = createKeyStore(client)
        assert.equal(await remade.getExtId('i', 1), undefined)
        await store.quit()
        await disconnected(server.command)
      }
    })

    test('stores of one client that differ in timeouts all end with it', async () => {
      const client = redis.createClient(local())
      const stores = [100, 200, 300].map((responseTimeout) =>
        createKeyStore(client, { responseTimeout })
      )
      await Promise.all(stores.map((store) => store.saveIds('i', 1, 'x')))
      assert.equal((await connections(server.command)).length, 3)
      client.quit()
      const late = await Promise.all(stores.map((store) => store.getExtId('i', 1)))
      assert.deepEqual(late, [undefined, undefined, undefined])
      await Promise.all(stores.map((store) => store.quit()))
      await disconnected(server.command)
    })

    test('quit resolves to what the client gives, ready or not, and twice', async () => {
      const client = redis.createClient(local())
      const [store, second] = [createKeyStore(client), createKeyStore(client)]
      await once(client, 'ready')
      const saved = store.saveIds('i', 1, 'x')
      // The client says by `true` or `false` how quickly its socket took the command.
      const quit = await store.quit()
      assert.deepEqual([typeof quit, await saved], ['boolean', true])
      assert.equal(client.closing, true)
      assert.equal(await store.quit(), quit)
      assert.equal(typeof (await second.quit()), 'boolean')

      const early = createKeyStore(redis.createClient(local()))
      assert.equal(typeof (await early.quit()), 'boolean')
    })

    test("the client's connect_timeout is how long a save waits", async () => {
      const options = { port: 1, connect_timeout: 300, retry_strategy: undefined }
      const client = redis.createClient(options)
      client.on('error', () => {})
      const errors = []
      const store = createKeyStore(client, { onError: (error) => errors.push(error) })
      assert.equal(await store.saveIds('i', 1, 'x'), false)
      assert.equal(errors[0].code, 'UNREACHABLE')
      client.end(true)
    })

    test('a client of no known place is refused', () => {
      const client = redis.createClient(local())
      const stripped = Object.create(client, { connection_options: { value: {} } })
      assert.throws(
        () => createKeyStore(stripped),
        /looks like a redis 2 or 3 client, but names no/
      )
      client.end(true)
    })
  })
}

test('redis 3: a user, and a later auth', async () => {
  const redis = require('redis3')
  const client = redis.createClient(local({ user: 'ann', password: PASSWORD }))
  const store = createKeyStore(client)
  const user = async () => {
    const [line] = await connections(server.command)
    return / user=(\S+) /.exec(line)[1]
  }
  await store.saveIds('i', 1, 'x')
  assert.equal(await user(), 'ann')
  client.auth(PASSWORD, 'bob')
  await store.saveIds('i', 1, 'x')
  assert.equal(await user(), 'bob')
  await store.quit()
})
