/** What the application is told of failures with may fail itself, and harms nothing. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { debugLines } = require('./support/debug')
const { useServer } = require('./support/redis')

const TOKEN = 'tok3n-of-an-integration'

const server = useServer({
  prepare: ({ command }) => command('hset', `${TOKEN}:b:hash`, 'f', 'v')
})

describe('an application that fails when it is told', () => {
  const odd = {
    toString() {
      throw new Error('no text')
    }
  }
  const oddError = new (class extends Error {
    get message() {
      throw new Error('no message')
    }
  })()
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    then() {
      throw new Error('of the application')
    }
  }
  const throwing = (thrown) => () => {
    throw thrown
  }
  const rejecting = (reason) => () => Promise.reject(reason)
  /** What all lookups of that pair fail of. */
  const CLIENTS = {
    native: () => server.url,
    delegated: () => ({ get: throwing(odd), set: throwing(odd), del() {} }),
    'in a file': () => `file:${__filename}/ids.redb`
  }
  const FAULTS = {
    'throws an error': [throwing(new Error('of the application')), /of the application/],
    'throws a text': [throwing('of the application'), /of the application/],
    'throws nothing': [throwing(undefined), /undefined/],
    'throws a symbol': [throwing(Symbol('of the application')), /of the application/],
    'throws what has no text': [throwing(odd), /no text/],
    'throws an error whose getters throw': [throwing(oddError), /no text/],
    'rejects with an error': [rejecting(new Error('of the application')), /of the application/],
    'rejects with nothing': [rejecting(undefined), /undefined/],
    'rejects with what has no text': [rejecting(odd), /no text/],
    'gives a thenable that throws': [() => thenable, /of the application/]
  }
  for (const [fault, [onError, told]] of Object.entries(FAULTS)) {
    for (const [kind, client] of Object.entries(CLIENTS)) {
      for (const strict of [true, false]) {
        const name = `onError ${fault}, ${kind}${strict ? ', strict' : ''}`
        test(name, async (t) => {
          const lines = debugLines(t)
          const store = createKeyStore(client(), { onError, strict })
          const call = store.getExtId(TOKEN, 'hash')
          if (strict) await assert.rejects(call, { name: 'KeyStoreError' })
          else assert.equal(await call, undefined)
          // What it rejects with is heard of a moment later, and so is an unhandled rejection.
          await new Promise(setImmediate)
          assert.ok(lines.some((line) => /onError failed/.test(line) && told.test(line)))
          assert.equal(store.stats().pending, 0)
        })
      }
    }
  }

  test('a formatter or a log of debug that throws', async (t) => {
    debugLines(t)
    const debug = require('debug')
    const { s } = debug.formatters
    t.after(() => (s ? (debug.formatters.s = s) : delete debug.formatters.s))
    for (const fail of [
      () => (debug.formatters.s = throwing(odd)),
      () => (debug.log = throwing(odd))
    ]) {
      fail()
      const told = []
      const options = { strict: true, onError: (error) => told.push(error) }
      const store = createKeyStore(server.url, options)
      await assert.rejects(store.getExtId(TOKEN, 'hash'), { code: 'WRONGTYPE' })
      assert.equal(told.length, 1)
      const delegated = createKeyStore({ get: throwing(odd), set() {}, del() {} }, options)
      await assert.rejects(delegated.getExtId('i', 1), { code: 'REPLY' })
      await store.quit()
    }
  })
})

test('an onError that calls a closed store again does not overflow the stack', async () => {
  let told = 0
  const onError = () => {
    if (told++ < 20_000) store.getExtId('i', 1)
  }
  const store = createKeyStore(server.url, { onError })
  await store.quit()
  await store.getExtId('i', 1)
  while (told < 20_000) await new Promise(setImmediate)
})
