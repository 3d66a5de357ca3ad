/** Calls over a client's own commands: their failures, order and deadlines. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const createKeyStore = require('..')
const { byCallback, stub } = require('./support/stub')

const failing = (message) => ({
  set: (_key, _value, done) => done(new Error(message)),
  get: (_key, done) => done(new Error(message)),
  del: async () => {
    throw new Error(message)
  },
  keys: () => {
    throw new Error(message)
  }
})

test("the client's errors have codes, and quote no keys", async () => {
  const codes = {
    'NOAUTH Authentication required.': 'AUTH',
    'WRONGTYPE Operation against a key': 'WRONGTYPE',
    'READONLY You cannot write': 'READONLY',
    'Connection is closed.': 'CLOSED',
    "ERR unknown command 'GET', with args beginning with: 'secret'": 'REPLY'
  }
  for (const [message, code] of Object.entries(codes)) {
    const errors = []
    const store = createKeyStore(failing(message), { onError: (error) => errors.push(error) })
    const answers = [
      await store.saveIds('a-secret', 1, 'x'),
      await store.getBotmaticId('a-secret', 'x'),
      await store.deleteIds('a-secret', 1, 'x'),
      await store.deleteAllIds('a-secret')
    ]
    // A key that holds something else is no reason not to look for others.
    assert.deepEqual(answers, [false, undefined, false, false])
    assert.deepEqual(
      errors.map((error) => error.code),
      Array(4).fill(code)
    )
    for (const error of errors) assert.doesNotMatch(error.message, /secret/)
    const strict = createKeyStore(failing(message), { strict: true })
    await assert.rejects(strict.saveIds('i', 1, 'x'), { name: 'KeyStoreError', code })
  }
})

test('a client that does not answer: calls end at their deadlines, later ones go on', async () => {
  const client = stub(byCallback)
  const { get } = client
  client.get = () => {}
  const errors = []
  const store = createKeyStore(client, {
    readTimeout: 50,
    onError: ({ code }) => errors.push(code)
  })
  assert.equal(await store.getExtId('i', 1), undefined)
  client.get = get
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.deepEqual(errors, ['TIMEOUT'])
})

test('a call whose deadline passed while it waited is never sent', async () => {
  const sent = []
  const client = {
    get: (key) => sent.push(key),
    set: () => {},
    del: () => {}
  }
  const store = createKeyStore(client, { readTimeout: 50 })
  const late = [1, 2, 3].map((id) => store.getExtId('i', id))
  assert.deepEqual(await Promise.all(late), [undefined, undefined, undefined])
  assert.deepEqual(sent, ['i:b:1'])
})

test('deleteAllIds holds up calls of its integration only', async () => {
  const client = stub(byCallback)
  const { keys } = client
  let release
  client.keys = (...args) => {
    release = () => keys(...args)
  }
  const store = createKeyStore(client)
  await store.saveIds('i', 1, 'x')
  const settled = []
  const wiped = store.deleteAllIds('i').then(() => settled.push('deleteAllIds'))
  const own = store.saveIds('i', 2, 'y').then(() => settled.push('its own'))
  await store.saveIds('j', 1, 'x').then(() => settled.push('another'))
  release()
  await Promise.all([wiped, own])
  assert.deepEqual(settled, ['another', 'deleteAllIds', 'its own'])
  assert.equal(await store.getExtId('i', 2), 'y')
  assert.equal(await store.getExtId('i', 1), null)
})

test('a lookup reaches an idle client before the call returns', () => {
  const asked = []
  const client = { get: (key) => asked.push(key), set() {}, del() {} }
  createKeyStore(client, { readTimeout: 1 }).getExtId('i', 1)
  assert.deepEqual(asked, ['i:b:1'])
})

test('quit waits for the calls already made, and gives what the client gives', async () => {
  const client = stub(byCallback)
  const store = createKeyStore(client)
  const saved = store.saveIds('i', 1, 'x')
  assert.equal(await store.quit(), 'closed')
  assert.equal(await saved, true)
  assert.equal(client.map.size, 2)
})

test('no more calls wait than maxPending', async () => {
  const store = createKeyStore(stub(byCallback), { maxPending: 1, strict: true })
  const first = store.getExtId('i', 1)
  await assert.rejects(store.getExtId('i', 1), { code: 'BUSY' })
  assert.equal(await first, null)
  assert.equal(await store.getExtId('i', 1), null)
})
