/** Whatever is given for a client or as options: a TypeError of this module, and no secret in it. */

const assert = require('node:assert/strict')
const { isAbsolute, relative, resolve } = require('node:path')
const { pathToFileURL } = require('node:url')
const { inspect } = require('node:util')
const { test } = require('node:test')
const fc = require('fast-check')
const { isAddress, settingsOf } = require('../lib/settings/address')
const { withDefaults } = require('../lib/settings/options')
const createKeyStore = require('..')

const SECRET = 'hunter2'
const RUNS = { numRuns: 3_000 }

/** Runs `parse`; what it throws must be a TypeError of ours that does not show the secret. */
const parsed = (parse) => {
  try {
    return parse()
  } catch (error) {
    const text = inspect(error)
    assert.ok(error instanceof TypeError, text)
    assert.match(error.message, /^js-redis-key-store: /)
    assert.ok(!text.includes(SECRET), text)
    return undefined
  }
}

const part = fc.oneof(
  fc.constantFrom(
    '',
    'localhost',
    '[::1]',
    '1.2.3.4',
    '%',
    '%zz',
    'a%20b',
    'db=1',
    'db=x',
    '6379',
    'node=h:1',
    'sentinelServiceName=m'
  ),
  fc.string({ maxLength: 8 }),
  fc.integer().map(String)
)

const SCHEMES = ['redis', 'rediss', 'redis-cluster', 'rediss-sentinel', 'unix', 'http', 'REDIS', '']

/** Something like a URL of Redis, with a secret for its password. */
const url = fc
  .tuple(fc.constantFrom(...SCHEMES), part, part, part, part, part)
  .map(
    ([scheme, user, host, port, path, query]) =>
      `${scheme}://${user}:${SECRET}@${host}:${port}/${path}?${query}`
  )

const embeddedUrl = fc
  .tuple(
    fc.constantFrom('file:', 'file://', 'file:///', 'FILE:', 'memory:', 'memory://'),
    part,
    part
  )
  .map(([scheme, first, second]) => `${scheme}${first}/${second}`)

const anyUrl = fc.oneof(url, embeddedUrl, fc.webUrl(), fc.string())

const options = (names) =>
  fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 5 })), fc.anything(), {
    maxKeys: 4
  })

test('a URL is read, or refused without a secret', () => {
  fc.assert(
    fc.property(anyUrl, (text) => {
      const settings = parsed(() => settingsOf(text))
      if (!settings) return
      const { file, memory, path, nodes, sentinels = nodes, host, port } = settings
      if (file ?? memory) {
        assert.ok(memory === true || isAbsolute(file), text)
        return
      }
      for (const node of path === undefined ? (sentinels ?? [{ host, port }]) : []) {
        assert.ok(typeof node.host === 'string' && node.port > 0 && node.port < 65_536)
      }
      assert.ok(Number.isInteger(settings.db) && settings.db >= 0)
    }),
    RUNS
  )
})

test('what is read of a URL is what it was made of', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' })
  const numbers = { port: fc.integer({ min: 1, max: 65_535 }), db: fc.nat(999) }
  fc.assert(
    fc.property(
      fc.record({ username: text, password: text, host: fc.domain(), ...numbers }),
      (given) => {
        const login = [given.username, given.password].map(encodeURIComponent).join(':')
        const read = settingsOf(`redis://${login}@${given.host}:${given.port}/${given.db}`)
        for (const [name, value] of Object.entries(given)) assert.equal(read[name], value)
      }
    ),
    RUNS
  )
})

test('a path is read as it was given, and out of a file URL', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[/\\\0]/.test(text))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (names) => {
      const file = resolve('/', ...names.map((each) => `x${each}`))
      for (const address of [`file:${file}`, pathToFileURL(file), pathToFileURL(file).href]) {
        assert.equal(settingsOf(address).file, file)
      }
      assert.equal(settingsOf(`file:${relative(process.cwd(), file)}`).file, file)
    }),
    RUNS
  )
})

test('an options object is read, or refused without a secret', () => {
  const names = ['url', 'host', 'port', 'path', 'username', 'password', 'db', 'tls', 'keyPrefix']
  names.push('sentinel', 'cluster', 'natMap')
  fc.assert(
    fc.property(options(names), anyUrl, fc.boolean(), (given, text, hasUrl) => {
      const address = { ...given, password: SECRET, ...(hasUrl ? { url: text } : {}) }
      if (isAddress(address)) parsed(() => settingsOf(address))
    }),
    RUNS
  )
})

test("the factory's options are read, or refused without a secret", () => {
  const names = ['strict', 'onError', 'readTimeout', 'writeTimeout', 'maxPending', 'keyPrefix']
  names.push('durability', 'cacheSize')
  fc.assert(
    fc.property(fc.oneof(fc.anything(), options(names)), (given) => {
      const read = parsed(() => withDefaults(given))
      if (read) assert.ok(read.readTimeout >= 1 && read.maxPending >= 1)
    }),
    RUNS
  )
})

test('anything for a client is refused, or is a store', async () => {
  const stores = []
  fc.assert(
    fc.property(fc.oneof(fc.anything({ withNullPrototype: true }), anyUrl), (given) => {
      const store = parsed(() => createKeyStore(given))
      if (store) stores.push(store.quit())
    }),
    RUNS
  )
  await Promise.all(stores)
})
