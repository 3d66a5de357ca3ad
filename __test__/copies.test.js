/** Several copies of this module in a process, and several realms, as test runners make them. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const createKeyStore = require('..')
const { realm } = require('./support/realm')
const { useServer } = require('./support/redis')

const server = useServer()

/** The error of a call on a closed store. */
const errorOf = async ({ RedisKeyStore }) => {
  const store = new RedisKeyStore(server.url, { strict: true })
  await store.quit()
  return store.getExtId('i', 1).catch((error) => error)
}

/** A second copy, as a dependent with a version of its own has it. */
const secondCopy = () => {
  const files = Object.keys(require.cache).filter((file) => !file.endsWith('.node'))
  const first = Object.fromEntries(files.map((file) => [file, require.cache[file]]))
  for (const file of files) delete require.cache[file]
  try {
    return require('..')
  } finally {
    Object.assign(require.cache, first)
  }
}

for (const [name, other] of Object.entries({
  'another copy': secondCopy(),
  'another realm': realm().createKeyStore
})) {
  test(`KeyStoreError: errors of ${name} are instances`, async () => {
    const { KeyStoreError } = createKeyStore
    assert.notEqual(other.KeyStoreError, KeyStoreError)
    for (const error of [await errorOf(createKeyStore), await errorOf(other)]) {
      assert.ok(error instanceof KeyStoreError)
      assert.ok(error instanceof other.KeyStoreError)
      assert.ok(new Error('outer', { cause: error }).cause instanceof KeyStoreError)
    }
  })
}

test('KeyStoreError: nothing else is an instance, nor of a class derived from it', async () => {
  const { KeyStoreError } = createKeyStore
  class Own extends KeyStoreError {}
  const error = await errorOf(createKeyStore)
  const own = new Own('CLOSED', 'why', 'getExtId', 'i')
  assert.ok(own instanceof Own)
  assert.ok(own instanceof KeyStoreError)
  assert.ok(own instanceof Error)
  assert.ok(!(error instanceof Own))
  for (const value of [undefined, null, 1, 'KeyStoreError', {}, new Error('KeyStoreError')]) {
    assert.ok(!(value instanceof KeyStoreError))
  }
  assert.ok(!(Object.assign(new Error(), { name: 'KeyStoreError' }) instanceof KeyStoreError))
})
