/** What calls reject with is nothing that went uncaught on the way: `--abort-on-uncaught-exception`. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { runScript } = require('./support/programs')
const { realm } = require('./support/realm')
const { useServer } = require('./support/redis')

const server = useServer()

/** What runs code when it becomes text, as JavaScript text; `Own` is the error that it throws. */
const THROWING = [
  'Symbol()',
  '({ toString() { throw new Own() } })',
  '({ [Symbol.toPrimitive]() { throw new Own() } })',
  '({ __proto__: null })',
  '({ toString: () => ({}), valueOf: () => ({}) })',
  '({ get toString() { throw new Own() } })',
  'new Proxy({}, { get() { throw new Own() } })',
  'Object.assign(Object(1), { toString() { throw new Own() } })'
]

/** Also read where a promise is looked for. */
const THROWING_IDS = [...THROWING, '({ get then() { throw new Own() } })']

const CALLS = [
  ...THROWING.flatMap((value) => [`saveIds(${value}, 1, 2)`, `deleteAllIds(${value})`]),
  ...THROWING_IDS.flatMap((value) => [
    `saveIds('i', ${value}, 2)`,
    `saveIds('i', undefined, ${value})`,
    `getBotmaticId('i', ${value})`,
    `getExtId('i', ${value})`,
    `deleteIds('i', 1, ${value})`
  ])
]

const STORES = {
  'of its own': `createKeyStore('URL', options)`,
  'over commands': 'createKeyStore({ get: async () => null, set() {}, del() {} }, options)',
  'that is closed': `(() => { const store = createKeyStore('URL', options); store.quit(); return store })()`
}

for (const [name, store] of Object.entries(STORES)) {
  test(`a store ${name}: an id that throws rejects the call with that, and aborts nothing`, async () => {
    const script = `
      class Own extends TypeError {}
      const createKeyStore = require('.')
      const options = { strict: true }
      const store = ${store.replace('URL', server.url)}
      const calls = [${CALLS.map((call) => `() => store.${call}`)}]
      ;(async () => {
        for (const call of calls) {
          const error = await call().catch((error) => error)
          if (!(error instanceof TypeError)) console.log(call.toString(), error)
        }
        console.log('done')
        process.exit()
      })()
    `
    const { signal, stdout, stderr } = await runScript(script, {
      args: ['--abort-on-uncaught-exception']
    })
    assert.deepEqual({ signal, stdout, stderr }, { signal: null, stdout: 'done\n', stderr: '' })
  })
}

test('what the factory refuses, and a failing onError, abort nothing', async () => {
  const script = `
    const createKeyStore = require('.')
    const wrong = [
      7, 'redis://', { host: 'h', port: 'x' }, { host: 'h', tls: { servername: 'a b' } },
      { host: 'h', tls: { ca: 'none' } }, { get() {}, set() {}, del() {}, wrap() {} }
    ]
    for (const address of wrong) {
      try {
        createKeyStore(address)
      } catch (error) {
        if (error instanceof TypeError) console.log('refused')
      }
    }
    const store = createKeyStore('redis://127.0.0.1:1', {
      readTimeout: 50,
      onError() { throw new Error() }
    })
    store.getExtId('i', 1).then(console.log)
  `
  const { signal, stdout } = await runScript(script, { args: ['--abort-on-uncaught-exception'] })
  assert.deepEqual(
    { signal, stdout },
    { signal: null, stdout: `${'refused\n'.repeat(6)}undefined\n` }
  )
})

describe('in another realm, as test runners make one for each file', () => {
  const other = realm()
  const TypeErrorThere = other.run('TypeError')
  const ErrorThere = other.run('Error')

  test('what the factory throws is a TypeError of that realm', () => {
    const wrong = [
      [7],
      ['redis://'],
      [{ host: 'h', tls: { servername: 'a b' } }],
      [server.url, { x: 1 }]
    ]
    for (const given of wrong) {
      assert.throws(
        () => other.createKeyStore(...given),
        (error) => error instanceof TypeErrorThere && !(error instanceof TypeError)
      )
    }
  })

  test('so is what a call rejects with, and the promise is one of that realm', async () => {
    const store = other.createKeyStore(server.url, { strict: true })
    const values = [Symbol('s'), { __proto__: null }]
    for (const value of values) {
      for (const call of [
        store.saveIds(value, 1, 2),
        store.saveIds('i', value, 2),
        store.getExtId('i', value)
      ]) {
        assert.ok(call instanceof other.run('Promise'))
        await assert.rejects(call, (error) => error instanceof TypeErrorThere)
      }
    }
    await store.quit()
    await assert.rejects(store.getExtId('i', 1), (error) => error instanceof ErrorThere)
  })
})
