/** Sentinels and clusters for who has no client: by URL, and by the nodes of an object. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const redis = require('redis3')
const createKeyStore = require('..')
const { freePort } = require('../scripts/redis')
const { commander } = require('./support/redis')
const { until, useCluster, useSentinels } = require('./support/topologies')

const PASSWORD = 'p@ss:w/rd +%'

const cluster = useCluster([], { replicas: 0 })
const group = useSentinels({ password: PASSWORD })

const host = '127.0.0.1'
const encoded = encodeURIComponent(PASSWORD)
const at = (port) => `${host}:${port}`

const CLUSTERS = {
  'a URL': ([port]) => `redis-cluster://${at(port)}`,
  'a URL of one node and parameters for others': ([port, ...others]) =>
    `redis-cluster://${at(port)}?${others.map((other) => `node=${at(other)}`).join('&')}`,
  'a URL in options': ([port]) => ({ url: new URL(`valkey-cluster://${at(port)}/0`) }),
  'an object': (ports) => ({ cluster: { nodes: ports.map((port) => ({ host, port })) } }),
  'an object, its ports as text': ([port]) => ({
    cluster: { nodes: [{ host, port: String(port) }] }
  }),
  'an object, its nodes as text': ([port]) => ({ cluster: { nodes: [`localhost:${port}`] } })
}

const SENTINELS = {
  'a URL': ([port], rest) =>
    `redis-sentinel://:${encoded}@${at(port)}/2?sentinelServiceName=primary${rest}`,
  'a URL of one node and parameters for others': ([port, ...others], rest) => {
    const nodes = others.map((other) => `&node=${at(other)}`).join('')
    return `redis-sentinel://:${encoded}@${at(port)}?db=2&sentinelServiceName=primary${nodes}${rest}`
  },
  'an object': (ports, _, login) => ({
    sentinel: { nodes: ports.map((port) => ({ host, port })), name: 'primary', ...login },
    password: PASSWORD,
    db: '2'
  }),
  'an object, its nodes as text': (ports, _, login) => ({
    sentinel: { nodes: ports.map(at), name: 'primary', ...login },
    password: PASSWORD,
    db: 2
  })
}

/** Fails unless the store does all calls, and `read(key)` finds what it wrote. */
const assertServes = async (address, read) => {
  const options = { strict: true, readTimeout: 5_000, writeTimeout: 5_000, keyPrefix: 'own:' }
  const store = createKeyStore(address, options)
  assert.equal(store.native, true)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await read('own:i:b:1'), 'x')
  assert.equal(await read('own:i:e:x'), '1')
  assert.equal(await store.getBotmaticId('i', 'x'), '1')
  assert.equal(await store.deleteIds('i', 1, 'x'), true)
  assert.equal(await store.saveIds('i', 2, 'y'), true)
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal(await read('own:i:b:2'), null)
  assert.equal(await store.quit(), true)
}

describe('a cluster', () => {
  /** From the node that has the key. */
  const read = async (key) => {
    for (const { command } of cluster.masters) {
      const found = await command('get', key).catch(() => undefined)
      if (found !== undefined) return found
    }
    return undefined
  }

  for (const [name, address] of Object.entries(CLUSTERS)) {
    test(name, () => assertServes(address(cluster.ports), read))
  }

  test('its first node is gone', async () => {
    const ports = [await freePort(), ...cluster.ports]
    await assertServes(CLUSTERS['an object'](ports), read)
    await assertServes(CLUSTERS['a URL of one node and parameters for others'](ports), read)
  })

  test('a database, where clusters have only one', async () => {
    const store = createKeyStore(`redis-cluster://${at(cluster.ports[0])}/3`, { strict: true })
    await assert.rejects(store.saveIds('i', 1, 'x'), { code: 'DATABASE' })
    await store.quit()
  })
})

describe('sentinels', () => {
  const read = async (key) => {
    const [master] = group.nodes
    await master.command('select', 2)
    return master.command('get', key)
  }

  for (const [name, address] of Object.entries(SENTINELS)) {
    test(name, () => assertServes(address(group.ports, '', {}), read))
  }

  test('the first of them is gone', async () => {
    const ports = [await freePort(), ...group.ports]
    await assertServes(SENTINELS['an object'](ports), read)
    await assertServes(SENTINELS['a URL of one node and parameters for others'](ports, ''), read)
  })

  test('a master that they do not watch', async () => {
    const sentinel = { nodes: [at(group.ports[0])], name: 'other' }
    const store = createKeyStore({ sentinel }, { strict: true, readTimeout: 300 })
    await assert.rejects(store.getExtId('i', 1), { code: 'UNREACHABLE', message: /"other"/ })
    await store.quit()
  })

  test('a login of their own', async () => {
    const [port] = group.ports
    const client = redis.createClient({ port })
    const command = commander(client)
    await command('acl', 'setuser', 'watcher', 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
    await command('acl', 'setuser', 'default', 'resetpass', '>nobody knows')
    try {
      const login = { username: 'watcher', password: PASSWORD }
      const rest = `&sentinelUsername=watcher&sentinelPassword=${encoded}`
      for (const address of Object.values(SENTINELS)) {
        await assertServes(address([port], rest, login), read)
        const store = createKeyStore(address([port], '', {}), { strict: true })
        await assert.rejects(store.getExtId('i', 1), { code: 'AUTH' })
        await store.quit()
      }
    } finally {
      await command('acl', 'setuser', 'default', 'nopass')
      client.end(true)
    }
  })

  test('the master is replaced', async () => {
    const store = createKeyStore(SENTINELS['an object'](group.ports), { readTimeout: 30_000 })
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    const [, replica] = group.nodes
    await replica.command('select', 2)
    await until(async () => (await replica.command('get', 'i:b:1')) === 'x')
    await group.nodes[0].kill()
    assert.equal(await store.saveIds('i', 2, 'y'), true)
    assert.equal(await replica.command('get', 'i:b:2'), 'y')
    assert.equal(await store.getExtId('i', 1), 'x')
    await store.quit()
  })
})
