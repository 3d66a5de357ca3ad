/** Who listens hears of a call where it was made: in its asynchronous context. */

const assert = require('node:assert/strict')
const { AsyncLocalStorage, createHook } = require('node:async_hooks')
const diagnostics = require('node:diagnostics_channel')
const path = require('node:path')
const { describe, test } = require('node:test')
const { SpanKind, SpanStatusCode, context, trace } = require('@opentelemetry/api')
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
const {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor
} = require('@opentelemetry/sdk-trace-base')
const createKeyStore = require('..')
const { traceCalls } = require('../examples/spans')
const { freePort } = require('../scripts/redis')
const { useFolder } = require('./support/backends')
const { KINDS, wrappedClients } = require('./support/clients')
const { debugLines } = require('./support/debug')
const { useServer } = require('./support/redis')
const { byPromise, stub } = require('./support/stub')

const folder = useFolder()
const server = useServer({
  prepare: async ({ command }) => {
    await command('hset', 'i:b:hash', 'f', 'v')
  }
})

const storage = new AsyncLocalStorage()

const CALLS = 'js-redis-key-store:call'

const listen = (t, listener) => {
  diagnostics.subscribe(CALLS, listener)
  t.after(() => diagnostics.unsubscribe(CALLS, listener))
}

const local = (options) => ({ host: '127.0.0.1', port: server.port, ...options })

const ofKind = (name) => async (t, options) => {
  const client = await KINDS[name].open(local())
  t.after(() => wrappedClients.get(client)?.destroy())
  return createKeyStore(client, options)
}

/** Stores whose calls go different ways. */
const STORES = {
  'of a URL': (_, options) => createKeyStore(server.url, options),
  'of ioredis': ofKind('ioredis 5'),
  'of redis 6': ofKind('redis 6'),
  "that waits for its client's credentials": (_, options) => {
    const type = 'async-credentials-provider'
    const credentials = async () => ({})
    const client = require('redis6').createClient({
      url: server.url,
      credentialsProvider: { type, credentials }
    })
    return createKeyStore(client, options)
  },
  'of redis 6 legacy()': ofKind('redis 6 legacy()'),
  'of a pool': ofKind('redis 6 pool')
}

describe('a failure is told where its call was made', () => {
  for (const [name, open] of Object.entries(STORES)) {
    for (const strict of [false, true]) {
      test(`${name}, ${strict ? 'strict' : 'quiet'}`, async (t) => {
        const lines = []
        debugLines(t)
        require('debug').log = (...words) => lines.push([storage.getStore(), words.join(' ')])
        const heard = []
        const told = []
        listen(t, (message) => told.push([storage.getStore(), message]))
        const onError = (error) => heard.push([storage.getStore(), error.code])
        const store = await open(t, { strict, onError })
        const calls = Array.from({ length: 300 }, (_, n) =>
          storage.run(n, () =>
            (n % 3 === 0 ? store.saveIds('i', n, `x${n}`) : store.getExtId('i', 'hash')).catch(
              () => undefined
            )
          )
        )
        await Promise.all(calls)
        const failed = Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 3)
        const contexts = (list) => list.map(([n]) => n).sort((a, b) => a - b)
        assert.deepEqual(contexts(heard), failed)
        assert.ok(heard.every(([, code]) => code === 'WRONGTYPE'))
        assert.deepEqual(contexts(lines.filter(([, line]) => line.includes('WRONGTYPE'))), failed)
        assert.deepEqual(contexts(told), [...Array(300).keys()])
        for (const [n, { operation, outcome }] of told) {
          assert.deepEqual(
            [operation, outcome],
            n % 3 ? ['getExtId', 'WRONGTYPE'] : ['saveIds', 'true']
          )
        }
        await store.quit().catch(() => {})
      })
    }
  }

  test('of a file that cannot be used', async (t) => {
    const told = []
    listen(t, ({ outcome }) => told.push([storage.getStore(), outcome]))
    const heard = []
    const onError = ({ code }) => heard.push([storage.getStore(), code])
    const store = createKeyStore(`file:${__filename}/ids.redb`, { onError })
    const calls = Array.from({ length: 300 }, (_, n) =>
      storage.run(n, () => (n % 3 ? store.getExtId('i', n) : store.saveIds('i', n, n)))
    )
    await Promise.all(calls)
    const expected = Array.from({ length: 300 }, (_, n) => [n, 'STORAGE'])
    assert.deepEqual([told, heard], [expected, expected])
    await store.quit()
  })

  test('when it fails without being sent', async (t) => {
    const told = []
    listen(t, ({ outcome, attempts }) => told.push([storage.getStore(), outcome, attempts]))
    const heard = []
    const onError = ({ code }) => heard.push([storage.getStore(), code])
    const offline = createKeyStore({ port: await freePort() }, { onError, readTimeout: 50 })
    const closed = createKeyStore(server.url, { onError })
    const full = createKeyStore(server.url, { onError, maxPending: 1 })
    await closed.quit()
    await Promise.all([
      storage.run('offline', () => offline.getExtId('i', 1)),
      storage.run('closed', () => closed.getExtId('i', 1)),
      storage.run('fits', () => full.getExtId('i', 1)),
      storage.run('full', () => full.getExtId('i', 1)),
      storage.run('no id', () => full.getExtId('i', null))
    ])
    assert.deepEqual(told.filter(([name]) => name !== 'no id').sort(), [
      ['closed', 'CLOSED', 0],
      ['fits', 'missing', 1],
      ['full', 'BUSY', 0],
      ['offline', 'UNREACHABLE', 0]
    ])
    assert.ok(told.some(([name]) => name === 'no id'))
    assert.deepEqual(heard.filter(([name]) => name !== 'no id').sort(), [
      ['closed', 'CLOSED'],
      ['full', 'BUSY'],
      ['offline', 'UNREACHABLE']
    ])
    await Promise.all([offline.quit(), full.quit()])
  })

  test('a listener may call the store in turn', async (t) => {
    const store = createKeyStore(server.url)
    const found = []
    listen(t, ({ operation }) => {
      if (operation !== 'saveIds') return
      const name = storage.getStore()
      found.push(store.getExtId(name, null), store.getExtId(name, 1))
    })
    const names = Array.from({ length: 50 }, (_, n) => `n${n}`)
    await Promise.all(names.map((name) => storage.run(name, () => store.saveIds(name, 1, name))))
    const answers = await Promise.all(found)
    assert.deepEqual(answers.filter((answer) => answer !== null).sort(), names.sort())
    await store.quit()
  })
})

describe('an embedded store', () => {
  for (const [what, address] of [
    ['in a file', () => `file:${path.join(folder.path, 'ids.redb')}`],
    ['in memory', () => 'memory:']
  ]) {
    test(`${what}: calls are told where they were made, lookups that are answered at once too`, async (t) => {
      const store = createKeyStore(address())
      await store.saveIds('i', 0, 'x0')
      const told = []
      listen(t, ({ operation, outcome }) => told.push([storage.getStore(), operation, outcome]))
      for (let n = 0; n < 100; n++) {
        await storage.run(n, async () => {
          await store.getExtId('i', n)
          await store.saveIds('i', n + 1, `x${n + 1}`)
        })
      }
      const expected = Array.from({ length: 100 }, (_, n) => [
        [n, 'getExtId', 'found'],
        [n, 'saveIds', 'true']
      ])
      assert.deepEqual(told, expected.flat())
      assert.equal(storage.getStore(), undefined)
      // Who awaits goes on where the call was made.
      const seen = await storage.run('kept', async () => {
        await store.getExtId('i', 1)
        return storage.getStore()
      })
      assert.equal(seen, 'kept')
      await store.quit()
    })
  }
})

test('who does not listen pays nothing: no asynchronous resource is made', async (t) => {
  const types = new Set()
  const hook = createHook({ init: (_, type) => types.add(type) }).enable()
  t.after(() => hook.disable())
  const store = createKeyStore(server.url)
  await store.saveIds('i', 1, 'x')
  await store.getExtId('i', 'hash')
  assert.ok(!types.has('js-redis-key-store:call'))
  hook.disable()
  await store.quit()
})

test('nothing is left of those that were made once their calls are settled', async (t) => {
  const left = new Set()
  const hook = createHook({
    init: (id, type) => type === 'js-redis-key-store:call' && left.add(id),
    destroy: (id) => left.delete(id)
  }).enable()
  t.after(() => hook.disable())
  const store = createKeyStore(server.url, { onError: () => {} })
  await storage.run('kept', () =>
    Promise.all(Array.from({ length: 100 }, () => store.getExtId('i', 'hash')))
  )
  await new Promise(setImmediate)
  assert.equal(left.size, 0)
  await store.quit()
})

describe('a message has what the conventions for clients of databases name', () => {
  const attributes = (message) =>
    Object.fromEntries(Object.entries(message).filter(([name]) => name.includes('.')))

  const heardOf = async (t, store) => {
    const told = []
    listen(t, (message) => told.push(message))
    await store.saveIds('i', 1, 'x')
    await store.getExtId('i', 'hash')
    return told.map(attributes)
  }

  const expected = (more) => [
    { 'db.system.name': 'redis', 'db.operation.name': 'MSET', ...more },
    { 'db.system.name': 'redis', 'db.operation.name': 'GET', ...more, 'error.type': 'WRONGTYPE' }
  ]

  const here = () => ({
    'server.address': '127.0.0.1',
    'server.port': server.port,
    'db.namespace': '0'
  })

  test('a URL', async (t) => {
    const store = createKeyStore(server.url)
    assert.deepEqual(await heardOf(t, store), expected(here()))
    await store.quit()
  })

  for (const kind of ['redis 3.1', 'redis 4.7', 'redis 6', 'ioredis 5', 'valkey-glide']) {
    test(kind, async (t) => {
      const store = createKeyStore(await KINDS[kind].open(local()))
      assert.deepEqual(await heardOf(t, store), expected(here()))
      await store.quit()
    })
  }

  test('a client whose commands the store goes through', async (t) => {
    const Redis = require('ioredis5')
    const { StandaloneConnector: Connector } = require('ioredis5/built/connectors')
    const store = createKeyStore(new Redis(local({ Connector })))
    assert.equal(store.native, false)
    assert.deepEqual(await heardOf(t, store), expected(here()))
    await store.quit()
  })

  test('a stub, which tells no server', async (t) => {
    const store = createKeyStore(stub(byPromise))
    const [saved] = await heardOf(t, store)
    assert.deepEqual(saved, { 'db.system.name': 'redis', 'db.operation.name': 'MSET' })
  })
})

test('spans: of the call, under the one that was active there', async (t) => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const manager = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(manager)
  t.after(() => context.disable())
  const tracer = provider.getTracer('test')
  const stop = traceCalls(tracer)
  t.after(stop)
  const store = createKeyStore(server.url)
  const requests = [1, 2].map((n) => tracer.startSpan(`request ${n}`))
  await Promise.all(
    requests.map((span, n) =>
      context.with(trace.setSpan(context.active(), span), async () => {
        await store.saveIds('i', n, `x${n}`)
        await store.getExtId('i', 'hash')
      })
    )
  )
  const spans = exporter.getFinishedSpans()
  assert.equal(spans.length, 4)
  for (const request of requests) {
    const { spanId, traceId } = request.spanContext()
    const own = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId)
    assert.deepEqual(own.map(({ name }) => name).sort(), ['getExtId', 'saveIds'])
    for (const span of own) {
      assert.equal(span.spanContext().traceId, traceId)
      assert.equal(span.kind, SpanKind.CLIENT)
      assert.equal(span.attributes['server.port'], server.port)
      const isFailed = span.name === 'getExtId'
      assert.equal(span.status.code, isFailed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET)
      assert.equal(span.attributes['error.type'], isFailed ? 'WRONGTYPE' : undefined)
    }
  }
  await store.quit()
})
