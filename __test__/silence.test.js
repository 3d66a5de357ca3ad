/** A store made from an address, whose calls wait, and nobody who would hear of it: one warning an outage. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { freePort } = require('../scripts/redis')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()

/** Runs `body` beside what counts warnings; after `seconds` without a server it ends. */
const warnings = async (body, { seconds = 6, address, env } = {}) => {
  const port = await freePort()
  const script = `
    const { setTimeout: later } = globalThis
    const told = []
    process.on('warning', ({ name, code, message }) => told.push({ name, code, message }))
    const createKeyStore = require('.')
    const address = ${JSON.stringify(address ?? { port, password: 'hunter2' })}
    const main = async () => { ${body} }
    main()
    later(() => {
      console.log(JSON.stringify(told))
      process.exit()
    }, ${seconds * 1_000})
  `
  const { code, stdout, stderr } = await runScript(script, { env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

describe('without a server', { concurrency: true }, () => {
  test('one warning says what waits for what, and why', async () => {
    const told = await warnings(
      `const store = createKeyStore(address)
       store.saveIds('tok3n-of-an-integration', 1, 'x')
       store.saveIds('i', 2, 'y')`,
      { seconds: 9 }
    )
    assert.equal(told.length, 1)
    const [{ name, code, message }] = told
    assert.deepEqual([name, code], ['KeyStoreWarning', 'KEY_STORE_WAITS'])
    assert.match(message, /2 calls wait since 5 s, .*no connection to 127\.0\.0\.1:\d+: .*refused/)
    assert.match(message, /check that Redis runs there.*Pass onError/)
    assert.doesNotMatch(message, /hunter2|tok3n/)
  })

  test('also where timers are fake', async () => {
    const told = await warnings(
      `createKeyStore(address).saveIds('i', 1, 'x')
       globalThis.setTimeout = () => { throw new Error('fake') }`
    )
    assert.equal(told.length, 1)
  })

  for (const [name, body] of Object.entries({
    onError: `createKeyStore(address, { onError() {} }).saveIds('i', 1, 'x')`,
    'a subscriber to connections': `
      require('node:diagnostics_channel').subscribe('js-redis-key-store:connection', () => {})
      createKeyStore(address).saveIds('i', 1, 'x')`,
    'a subscriber to calls': `
      require('node:diagnostics_channel').subscribe('js-redis-key-store:call', () => {})
      createKeyStore(address).saveIds('i', 1, 'x')`,
    'a client, which has an error event': `
      const client = require('redis3').createClient(address)
      client.on('error', () => {})
      createKeyStore(client).saveIds('i', 1, 'x')`,
    'calls that have failed before': `
      createKeyStore(address, { readTimeout: 100 }).getExtId('i', 1)`
  })) {
    test(`none with ${name}`, async () => {
      assert.deepEqual(await warnings(body), [])
    })
  }

  test('it keeps no process alive', async () => {
    const port = await freePort()
    const script = `
      const store = require('.')({ port: ${port} }, { readTimeout: 200 })
      store.getExtId('i', 1).then(() => console.log('failed'))
    `
    const started = performance.now()
    const { code, stdout, stderr } = await runScript(script)
    assert.deepEqual([code, stdout, stderr], [0, 'failed\n', ''])
    assert.ok(performance.now() - started < 4_000)
  })
})

test('a replica that is not promoted is waited for, and that is told', async () => {
  await server.command('replicaof', '127.0.0.1', await freePort())
  const address = { port: server.port }
  const told = await warnings(`createKeyStore(address).saveIds('i', 1, 'x')`, { address })
  await server.command('replicaof', 'no', 'one')
  assert.equal(told.length, 1)
  assert.match(told[0].message, /1 call waits since 5 s.*READONLY/)
})

test('a server that serves is no outage, nor a call that is quick after a while', async () => {
  const address = { port: server.port }
  const body = `
    const store = createKeyStore(address)
    await store.saveIds('i', 1, 'x')
    setTimeout(() => store.getExtId('i', 1), 5_200)
  `
  assert.deepEqual(await warnings(body, { address }), [])
})
