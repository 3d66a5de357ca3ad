/** Clients that are served through their own commands: mocks, stubs, and what cannot be read. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const net = require('node:net')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { cases } = require('./support/cases')
const { KINDS, wrappedClients } = require('./support/clients')
const { debugLines } = require('./support/debug')
const { contents, useServer } = require('./support/redis')
const { atOnce, byCallback, byPromise, stub } = require('./support/stub')

const server = useServer()

const NOT_IN_MAPS = /another type|no UTF-8|return_buffers|prefix/

/** Sends a command that is answered by callback, by promise or by both. */
const byName =
  (client) =>
  (name, ...args) =>
    new Promise((resolve, reject) => {
      const answer = client[name](...args, (error, reply) =>
        error ? reject(error) : resolve(reply)
      )
      if (answer?.then) answer.then(resolve, reject)
    })

/** A stub has no `mset`, which the cases use to prepare. */
const ofMap = ({ map }) => {
  const commands = {
    mset: (...pairs) => {
      for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1])
    },
    select: () => {},
    type: () => 'string',
    keys: () => [...map.keys()],
    get: (key) => map.get(key)
  }
  return async (name, ...args) => commands[name](...args)
}

/** What is served by its own commands: how it is made, how it is looked into, what it cannot do. */
const CLIENTS = {
  'redis-mock': {
    create: () => require('redis-mock').createClient(),
    command: byName,
    cannot: /no UTF-8|return_buffers|prefix|CR LF/
  },
  'ioredis-mock': {
    create: () => new (require('ioredis-mock'))(),
    command:
      (client) =>
      async (name, ...args) =>
        name === 'select' ? undefined : client[name](...args),
    cannot: /another type|no UTF-8|return_buffers|prefix/
  },
  'a stub that calls back': { create: () => stub(byCallback), command: ofMap, cannot: NOT_IN_MAPS },
  'a stub that calls back at once': {
    create: () => stub(atOnce),
    command: ofMap,
    cannot: NOT_IN_MAPS
  },
  'a stub that promises': { create: () => stub(byPromise), command: ofMap, cannot: NOT_IN_MAPS },
  'redis 5.12 legacy()': {
    create: () => openKind('redis 5.12 legacy()'),
    command: () => server.command,
    cannot: /return_buffers|prefix/
  },
  'redis 6 pool': {
    create: () => openKind('redis 6 pool'),
    command: () => server.command,
    cannot: /return_buffers|prefix/
  }
}

const openKind = (kind) => KINDS[kind].open({ host: '127.0.0.1', port: server.port })

/** What a case comes to for a native store, which other suites hold against the original. */
const expected = async (each) => {
  if (each.differs) return { value: each.ours, left: each.leaves }
  await server.command('flushall')
  const store = createKeyStore(server.url)
  const value = await each.run(store, server.command)
  const left = await contents(server.command)
  await store.quit()
  return { value, left }
}

for (const [name, { create, command: commandOf, cannot }] of Object.entries(CLIENTS)) {
  describe(name, () => {
    for (const each of cases.filter((one) => !/^quit, and/.test(one.name))) {
      if (cannot.test(each.name)) continue
      test(each.name, async () => {
        const wanted = await expected(each)
        await server.command('flushall')
        const client = await create()
        const command = commandOf(client)
        if (client.flushall) await byName(client)('flushall')
        const store = createKeyStore(client)
        assert.equal(store.native, false)
        const value = await each.run(store, command)
        assert.deepEqual({ value, left: await contents(command) }, wanted)
        await store.quit()
        wrappedClients.get(client)?.destroy()
      })
    }

    test('after quit every call fails', async () => {
      const client = await create()
      const errors = []
      const store = createKeyStore(client, { onError: ({ code }) => errors.push(code) })
      await store.quit()
      wrappedClients.get(client)?.destroy()
      assert.equal(await store.saveIds('i', 1, 'x'), false)
      assert.equal(await store.getExtId('i', 1), undefined)
      assert.equal(await store.deleteAllIds('i'), false)
      assert.deepEqual(errors, ['CLOSED', 'CLOSED', 'CLOSED'])
    })
  })
}

describe('with a prefix of the client', () => {
  const clients = {
    'ioredis-mock': () => new (require('ioredis-mock'))({ keyPrefix: 'p*:' }),
    'redis-mock, which makes nothing of it': () =>
      require('redis-mock').createClient({ prefix: 'p*:' }),
    'ioredis with a Connector': () => viaConnector({ keyPrefix: 'p*:' }),
    'redis 6 pool': () => KINDS['redis 6 pool'].open({ port: server.port, keyPrefix: 'p*:' })
  }
  for (const [name, create] of Object.entries(clients)) {
    test(name, async () => {
      await server.command('flushall')
      const client = await create()
      const store = createKeyStore(client)
      assert.equal(store.native, false)
      await byName(client)('set', 'j:b:1', 'kept')
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      assert.equal(await byName(client)('get', 'i:b:1'), 'x')
      assert.equal(await store.deleteAllIds('i'), true)
      assert.equal(await byName(client)('get', 'i:b:1'), null)
      assert.equal(await byName(client)('get', 'j:b:1'), 'kept')
      assert.throws(() => createKeyStore(client, { keyPrefix: 'q:' }), /cannot replace the prefix/)
      await store.quit()
    })
  }

  test('of the store, where the client has none', async () => {
    const client = stub(byCallback)
    const store = createKeyStore(client, { keyPrefix: 'q:' })
    await store.saveIds('i', 1, 'x')
    assert.deepEqual([...client.map.keys()], ['q:i:b:1', 'q:i:e:x'])
    assert.equal(await store.deleteAllIds('i'), true)
    assert.equal(client.map.size, 0)
  })
})

/** An ioredis client over a transport of its own. */
const viaConnector = (options) => {
  class Connector {
    connect = async () => (this.stream = net.connect(server.port, '127.0.0.1'))
    check = () => true
    disconnect = () => this.stream.end()
  }
  return new (require('ioredis5'))({ Connector, ...options })
}

describe('clients of known families that cannot be read', () => {
  const refuseNothing = () => undefined
  const clients = {
    'a stream of its own': () => {
      const redis = require('redis3')
      return new redis.RedisClient({}, net.connect(server.port, '127.0.0.1'))
    },
    'a Connector of its own': viaConnector,
    'the TLS option "checkServerIdentity"': () =>
      new (require('ioredis5'))({
        port: 1,
        lazyConnect: true,
        tls: { checkServerIdentity: refuseNothing }
      }),
    'the TLS option "pfx"': () =>
      require('redis5').createClient({ socket: { tls: true, host: 'h', port: 1, pfx: 'p' } }),
    'a credentials provider that streams': () =>
      require('redis6').createClient({
        url: server.url,
        credentialsProvider: { type: 'streaming-credentials-provider', subscribe() {} }
      })
  }
  for (const [reason, create] of Object.entries(clients)) {
    test(reason, (t) => {
      const lines = debugLines(t)
      const client = create()
      assert.equal(createKeyStore(client).native, false)
      assert.ok(
        lines.some((line) => line.includes(reason)),
        'the debug log says why'
      )
      client.stream?.destroy()
      if (client.status) client.disconnect()
    })
  }

  test('ioredis over a Connector: written where the client reads, closed with it', async () => {
    await server.command('flushall')
    const client = viaConnector()
    const store = createKeyStore(client)
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    assert.equal(await client.get('i:b:1'), 'x')
    const ended = once(client, 'end')
    assert.equal(await store.quit(), 'OK')
    await ended
  })
})

test('redis 3 promisified by bluebird is native all the same', async () => {
  const redis = require('redis3')
  const { promisifyAll } = require('bluebird')
  const client = promisifyAll(redis.createClient({ port: server.port }))
  const store = createKeyStore(client)
  assert.equal(store.native, true)
  await store.saveIds('i', 1, 'x')
  assert.equal(await client.getAsync('i:b:1'), 'x')
  await store.quit()
})

test('native is no part of the shape of the store', () => {
  const store = createKeyStore(server.url)
  assert.equal(store.native, true)
  assert.ok(!Object.keys(store).includes('native'))
  assert.equal(new createKeyStore.RedisKeyStore(stub(byCallback)).native, false)
  assert.equal(new createKeyStore.RedisKeyStore(server.url).native, true)
})
