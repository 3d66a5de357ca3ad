/** The store goes by its client's own connection without leaving a trace there. */

const assert = require('node:assert/strict')
const diagnostics = require('node:diagnostics_channel')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { KINDS } = require('./support/clients')
const { useServer } = require('./support/redis')
const { runScript } = require('./support/programs')

const server = useServer()

const local = (options) => ({ host: '127.0.0.1', port: server.port, ...options })

/** A client, which is closed after the test at the latest: a failure would leave it open. */
const opened = async (t, { open }) => {
  const client = await open(local())
  const close = client.destroy ?? client.end ?? client.disconnect ?? client.close
  t.after(async () => {
    try {
      await close.call(client)
    } catch {
      // It is closed.
    }
  })
  return client
}

/** All that a client of redis 5.12 or newer tells tracers while `run` is under way, its metrics' source. */
const traced = async (run) => {
  const told = []
  const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
  const names = ['command', 'batch'].flatMap((of) =>
    events.map((event) => `tracing:node-redis:${of}:${event}`)
  )
  const listeners = [...names, 'node-redis:error', 'node-redis:command:reply'].map((name) => {
    const listener = ({ command, batchMode }) => told.push(`${name} ${command ?? batchMode}`)
    diagnostics.subscribe(name, listener)
    return () => diagnostics.unsubscribe(name, listener)
  })
  try {
    await run()
  } finally {
    for (const stop of listeners) stop()
  }
  return told
}

/** The arguments that a method of an object is called with, until `restore`. */
const spyOn = (object, name) => {
  const own = Object.getOwnPropertyDescriptor(object, name)
  const method = object[name]
  const calls = []
  object[name] = function (...args) {
    calls.push(args)
    return method.apply(this, args)
  }
  const restore = () => {
    delete object[name]
    if (own) Object.defineProperty(object, name, own)
  }
  return { calls, restore }
}

const use = async (store) => {
  for (let n = 0; n < 5; n++) {
    assert.deepEqual(await Promise.all([store.saveIds('i', n, 'x'), store.getExtId('i', n)]), [
      true,
      'x'
    ])
  }
}

describe('a client that tells tracers of its commands', () => {
  for (const kind of ['redis 5.12', 'redis 5.12 with command options', 'redis 6']) {
    test(`${kind}: they hear of the application's alone`, async (t) => {
      const client = await opened(t, KINDS[kind])
      await client.select(2)
      const { calls: commands } = spyOn(client, 'sendCommand')
      let store
      const told = await traced(async () => {
        store = createKeyStore(client)
        await use(store)
        await client.select(5)
        await use(store)
        await client.multi().select(6).exec()
        await use(store)
      })
      for (const db of [2, 5, 6]) {
        await server.command('select', db)
        assert.equal(await server.command('dbsize'), 6, `database ${db}`)
      }
      await server.command('select', 0)
      assert.deepEqual(
        commands.map(([words]) => words),
        [['SELECT', '5']]
      )
      const starts = told.filter((line) => /start /.test(line))
      assert.deepEqual(starts, [
        'tracing:node-redis:command:start SELECT',
        'tracing:node-redis:batch:start MULTI'
      ])
      assert.deepEqual(
        told.filter((line) => /error/.test(line)),
        []
      )
      // What costs the client's own commands time is off again.
      assert.equal(diagnostics.tracingChannel('node-redis:batch').hasSubscribers, false)
      await store.quit()
    })
  }

  test('an empty batch of another client meanwhile is its own', async (t) => {
    const one = await opened(t, KINDS['redis 6'])
    const other = await opened(t, KINDS['redis 6'])
    const store = createKeyStore(one)
    assert.deepEqual(await other.multi().execAsPipeline(), [])
    await use(store)
    assert.deepEqual(await other.multi().ping().execAsPipeline(), ['PONG'])
    await store.quit()
  })
})

/** What hangs on a client: how many listeners an event has, and the names of its own properties. */
const shape = (client) => ({
  listeners: Object.fromEntries(
    (client.eventNames?.() ?? []).map((name) => [String(name), client.listenerCount(name)])
  ),
  enumerable: Object.keys(client).sort()
})

/** By which method a client sends a command, and how many the store has to ask it. */
const SENDERS = [
  [/^redis [23]/, 'internal_send_command', 0],
  [/^redis 4/, 'sendCommand', 1],
  [/^redis [56]/, 'sendCommand', 0],
  [/^ioredis|^iovalkey/, 'sendCommand', 0],
  [/^valkey-glide/, 'customCommand', 1]
]

describe('many stores of one client', () => {
  for (const [kind, { isNative }] of Object.entries(KINDS)) {
    if (!isNative) continue
    test(`${kind}: no command, no listener, no event, nothing that shows`, async (t) => {
      const client = await opened(t, KINDS[kind])
      const before = shape(client)
      const [, sender, questions] = SENDERS.find(([of]) => of.test(kind))
      const sent = spyOn(client.options?.legacyMode ? client.v4 : client, sender)
      const emitted = spyOn(client.emit ? client : {}, 'emit')
      const stores = Array.from({ length: 20 }, (_, n) =>
        createKeyStore(client, { connectTimeout: 1_000 + n })
      )
      for (const store of stores) await use(store)
      assert.deepEqual(emitted.calls, [])
      // One for each connection, and so for each of these stores.
      assert.equal(sent.calls.length, questions * stores.length)
      sent.restore()
      emitted.restore()
      assert.deepEqual(shape(client), before)
      await stores[0].quit()
    })
  }
})

test('no store makes Node warn of too many listeners', async () => {
  const script = `
    const createKeyStore = require('.')
    const { KINDS } = require('./__test__/support/clients')
    ;(async () => {
      for (const kind of ['redis 2.8', 'redis 4.7', 'redis 6', 'ioredis 5', 'redis 6 legacy()', 'redis 6 pool']) {
        const client = await KINDS[kind].open({ host: '127.0.0.1', port: ${server.port} })
        for (let n = 0; n < 30; n++) {
          const store = createKeyStore(client, { connectTimeout: 1_000 + n })
          await Promise.all(Array.from({ length: 30 }, () => store.getExtId('i', 1)))
        }
      }
      process.exit()
    })()`
  const { code, stderr } = await runScript(script)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})
