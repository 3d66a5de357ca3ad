/** Addresses and options that were not born here: of other realms, classes and prototypes. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const legacyUrl = require('node:url')
const vm = require('node:vm')
const createKeyStore = require('..')
const { runScript } = require('./support/programs')
const { connections, disconnected, useServer } = require('./support/redis')

const server = useServer()

/** What an object of the library `config` looks like: its methods are inherited. */
const configured = (values) =>
  Object.assign(
    Object.create({ get: (name) => values[name], has: (name) => name in values }),
    values
  )

class Configuration {
  constructor(values) {
    Object.assign(this, values)
  }

  describe() {
    return Object.keys(this).join()
  }
}

class Derived extends Configuration {}

/** A class whose members are accessors, which are inherited and do not show. */
const withAccessors = (values) => {
  class Accessors extends Configuration {}
  for (const name of Object.keys(values)) {
    Object.defineProperty(Accessors.prototype, name, { get: () => values[name] })
  }
  return new Accessors()
}

/** A class as compilers to ES5 make it: its methods are enumerable. */
function Old(values) {
  Object.assign(this, values)
}
Old.prototype.describe = () => 'old'

const WAYS = {
  'of another realm': (values) => vm.runInNewContext(`(${JSON.stringify(values)})`),
  'of a realm with things on its Object.prototype': (values) =>
    vm.runInNewContext(`Object.prototype.extend = () => {}; (${JSON.stringify(values)})`),
  'a structured clone': (values) => structuredClone(values),
  'without a prototype': (values) => Object.assign(Object.create(null), values),
  'an instance of a class': (values) => new Configuration(values),
  'an instance of a derived class': (values) => new Derived(values),
  'an instance of a class of accessors, which do not show': withAccessors,
  'an instance of a class of ES5': (values) => new Old(values),
  'inheriting all': (values) => Object.create(values),
  'inheriting all from one without a prototype': (values) =>
    Object.create(Object.assign(Object.create(null), values)),
  'with methods it inherits': configured,
  frozen: (values) => Object.freeze({ ...values }),
  'a proxy': (values) => new Proxy(values, {}),
  'with own members that do not show': (values) =>
    Object.defineProperties(
      {},
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))
    )
}

/** The database and prefix that a store works with. */
const whereabouts = async (address, options) => {
  await server.command('flushall')
  const store = createKeyStore(address, options)
  assert.equal(store.native, true)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  const [line] = await connections(server.command)
  const db = / db=(\d+) /.exec(line)[1]
  await store.quit()
  await disconnected(server.command)
  await server.command('select', db)
  const [key] = await server.command('keys', '*i:b:1')
  return `${db} ${key}`
}

for (const [name, make] of Object.entries(WAYS)) {
  describe(name, () => {
    test('an address', async () => {
      const address = make({ host: '127.0.0.1', port: server.port, db: 3, keyPrefix: 'p:' })
      assert.equal(await whereabouts(address), '3 p:i:b:1')
    })

    test('an address with a URL', async () => {
      assert.equal(await whereabouts(make({ url: `${server.url}/4` })), '4 i:b:1')
    })

    test('a topology and its parts', () => {
      const node = make({ host: '127.0.0.1', port: 1 })
      const sentinel = make({
        nodes: [node],
        name: 'main',
        tls: make({ rejectUnauthorized: true })
      })
      const cluster = make({ nodes: [node] })
      const natMap = make({ 'h:1': make({ host: 'k', port: 1 }) })
      createKeyStore(make({ sentinel }))
      createKeyStore(make({ cluster }))
      createKeyStore(make({ cluster, natMap }))
    })

    test('options', async () => {
      const options = make({ keyPrefix: 'o:', strict: true })
      assert.equal(await whereabouts(server.url, options), '0 o:i:b:1')
      const closed = createKeyStore(server.url, make({ strict: true }))
      await closed.quit()
      await assert.rejects(closed.getExtId('i', 1), { code: 'CLOSED' })
    })

    test('what is misspelt is refused by its name', () => {
      if (name.includes('do not show')) return
      assert.throws(() => createKeyStore(make({ port: 1, pasword: 'x' })), {
        name: 'TypeError',
        message: /unknown option "pasword"; known are url, /
      })
      assert.throws(
        () => createKeyStore('redis://h', make({ stict: true })),
        /unknown option "stict"/
      )
    })
  })
}

class Polyfill {
  constructor(href) {
    this.text = href
  }

  get href() {
    return this.text
  }

  get protocol() {
    return /^[^:]+:/.exec(this.text)[0]
  }
}

describe('a URL object', () => {
  const urls = {
    "of Node's own": (text) => new URL(text),
    'of another realm': (text) => new (vm.runInNewContext(`(${Polyfill})`))(text),
    'of a polyfill': (text) => new Polyfill(text),
    "of Node's older parser": (text) => legacyUrl.parse(text)
  }
  for (const [name, make] of Object.entries(urls)) {
    test(name, async () => {
      assert.equal(await whereabouts(make(`${server.url}/5`)), '5 i:b:1')
      assert.equal(await whereabouts({ url: make(`${server.url}/6`) }), '6 i:b:1')
      assert.throws(() => createKeyStore(make('http://h')), /a URL of Redis is redis:/)
    })
  }
})

test('a certificate that was cloned, or is bytes of another realm', () => {
  const address = (ca) => ({ port: 1, tls: { ca } })
  const pem = Buffer.from('no certificate')
  for (const bytes of [structuredClone(pem), vm.runInNewContext('new Uint8Array([1, 2])'), pem]) {
    for (const ca of [bytes, [bytes]]) {
      assert.throws(() => createKeyStore(address(ca)), /tls\.ca holds no certificate/)
    }
  }
})

/** Runs a script beside a library that put a function on `Object.prototype`, on each name there is. */
const runPolluted = (script) =>
  runScript(`
    const names = ['extend', 'path', 'tls', 'sentinel', 'cluster', 'natMap', 'onError', 'strict',
      'family', 'renamed', 'sentinels', 'nodes', 'fallbackDb', 'username', 'url', 'href', 'keyPrefix']
    const pollute = (only) => {
      for (const name of only ?? names) Object.prototype[name] = function () { return this }
    }
    ;(async () => { ${script} })().catch((error) => console.log(error.stack))
  `)

describe('beside a function on Object.prototype', () => {
  const use = `
    const answers = [await store.saveIds('i', 1, 'x'), await store.getExtId('i', 1), await store.deleteAllIds('i')]
    await store.quit()
    console.log(JSON.stringify(answers))
  `
  const expected = '[true,"x",true]\n'

  test('an address, whatever the name of the function', async () => {
    const { stdout } = await runPolluted(`
      const createKeyStore = require('.')
      pollute()
      for (const address of ['${server.url}', { host: '127.0.0.1', port: ${server.port} }]) {
        const store = createKeyStore(address)
        ${use}
      }
    `)
    assert.equal(stdout, expected.repeat(2))
  })

  for (const name of [
    'redis2',
    'redis3',
    'redis4',
    'redis5',
    'redis6',
    'ioredis4',
    'ioredis5',
    'ioredis6',
    'iovalkey'
  ]) {
    test(name, async () => {
      const isRedis = name.startsWith('redis')
      const older = /[23]$/.test(name)
      const options = older
        ? `{ port: ${server.port}, rename_commands: { keys: 'keys' } }`
        : isRedis
          ? `{ url: '${server.url}' }`
          : `${server.port}`
      const make = isRedis
        ? `redis.createClient(${options})`
        : `new (redis.Redis ?? redis)(${options})`
      const { stdout, stderr } = await runPolluted(`
        const redis = require('${name}')
        const createKeyStore = require('.')
        pollute(['extend', 'inherits'])
        const client = ${make}
        client.on('error', (error) => console.log(error.message))
        ${isRedis && !older ? 'await client.connect()' : ''}
        const store = createKeyStore(client, { strict: true })
        console.log(store.native)
        ${use}
      `)
      assert.equal(stdout, `true\n${expected}`, stderr)
    })
  }

  test('clusters with a natMap', async () => {
    const { stdout } = await runPolluted(`
      const createKeyStore = require('.')
      pollute(['extend'])
      const natMap = { 'h:1': { host: 'k', port: 1 } }
      for (const name of ['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey']) {
        const { Cluster } = require(name)
        const client = new Cluster([{ host: 'h', port: 1 }], { natMap, lazyConnect: true })
        console.log(createKeyStore(client).native)
        const Redis = require(name).Redis ?? require(name)
        const sentinels = [{ host: 'h', port: 1 }]
        console.log(createKeyStore(new Redis({ sentinels, name: 'm', natMap, lazyConnect: true })).native)
      }
      for (const name of ['redis4', 'redis5', 'redis6']) {
        const rootNodes = [{ socket: { host: 'h', port: 1 } }]
        const client = require(name).createCluster({ rootNodes, nodeAddressMap: natMap })
        console.log(createKeyStore(client).native)
      }
      console.log(createKeyStore({ cluster: { nodes: ['h:1'] }, natMap }).native)
      process.exit()
    `)
    assert.equal(stdout, 'true\n'.repeat(12))
  })
})
