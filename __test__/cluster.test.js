/** Redis Cluster: all calls on pairs whose halves lie on different masters, and slots that move. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { Cluster } = require('ioredis5')
const createKeyStore = require('..')
const {
  assertCloses,
  assertServes,
  CLUSTER_CLIENTS,
  ioredisCluster
} = require('./support/topology-clients')
const { startNode, until, useCluster } = require('./support/topologies')

const cluster = useCluster()

const open = async (t, options) => {
  for (const master of cluster.masters) await master.command('flushall')
  const client = ioredisCluster('ioredis5', [{ host: '127.0.0.1', port: cluster.ports[0] }])
  const store = createKeyStore(client, options)
  t.after(async () => {
    await store.quit()
    // One that was connecting anew when it was told to quit may go on.
    client.disconnect()
  })
  return { client, store }
}

/** Every key of the cluster, with its master's number. */
const allKeys = async () => {
  const found = []
  for (const [n, master] of cluster.masters.entries()) {
    for (const key of await master.command('keys', '*')) found.push([key, n])
  }
  return new Map(found)
}

describe('each client', () => {
  for (const [name, create] of Object.entries(CLUSTER_CLIENTS)) {
    test(name, async () => {
      const client = await create.cluster(cluster.ports.slice(0, 2), {})
      await assertServes(createKeyStore, client, create, true)
    })
    for (const way of create.ways) {
      test(`${name}: ${way}() by the application`, async () => {
        const client = await create.cluster(cluster.ports.slice(0, 2), {})
        await assertCloses(createKeyStore, client, way, cluster.masters)
      })
    }
  }
})

for (const name of ['ioredis4', 'ioredis5', 'ioredis6', 'iovalkey']) {
  test(`${name}: closed while it connects, and opened again`, async () => {
    const client = ioredisCluster(name, [{ host: '127.0.0.1', port: cluster.ports[0] }])
    const store = createKeyStore(client)
    await once(client, 'connect')
    const answers = []
    client.once('ready', () => answers.push(store.saveIds('i', 1, 'x')))
    const ended = once(client, 'end')
    client.quit()
    answers.push(store.saveIds('i', 1, 'x'))
    await ended
    answers.push(store.saveIds('i', 1, 'x'))
    for (const answer of await Promise.all(answers)) assert.equal(answer, false)
    await client.connect()
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    await store.quit()
    client.disconnect()
  })
}

test('pairs over all masters: saved, found, deleted, and read by the client', async (t) => {
  const { client, store } = await open(t)
  const answers = []
  for (let n = 0; n < 500; n++) {
    answers.push(store.saveIds('i', n, `x${n}`), store.getExtId('i', n))
  }
  const settled = await Promise.all(answers)
  settled.forEach((answer, n) => {
    assert.equal(answer, n % 2 ? `x${(n - 1) / 2}` : true)
  })
  const keys = await allKeys()
  assert.equal(keys.size, 1_000)
  assert.deepEqual([...new Set(keys.values())].sort(), [0, 1, 2])
  assert.equal(await client.get('i:b:7'), 'x7')
  assert.equal(await store.getBotmaticId('i', 'x7'), '7')
  assert.equal(await store.deleteIds('i', 7, 'x7'), true)
  assert.equal(await store.deleteIds('i', 7, 'x7'), false)
  assert.equal(await store.deleteIds('i', 8, 'x9'), true)
  assert.equal(await store.deleteIds('i', 8, 'x8'), false)
})

test('a master out of memory: of each call its own answer', async (t) => {
  const { client, store } = await open(t)
  const full = cluster.masters[0]
  t.after(() => full.command('config', 'set', 'maxmemory', 0))
  assert.equal(await store.saveIds('i', 'first', 'x'), true)
  await full.command('config', 'set', 'maxmemory', 1)
  const saves = Array.from({ length: 300 }, (_, n) => store.saveIds('i', n, `x${n}`))
  const answers = await Promise.all(saves)
  for (const [n, answer] of answers.entries()) {
    const pair = await Promise.all([client.get(`i:b:${n}`), client.get(`i:e:x${n}`)])
    assert.equal(answer, pair[0] === `x${n}` && pair[1] === `${n}`, `save ${n}`)
  }
  assert.ok(answers.includes(true) && answers.includes(false))
})

test('a user who may ask for the slots and for nothing else of the cluster', async (t) => {
  const rules = ['+mset', '+set', '+get', '+mget', '+del', '+unlink', '+scan', '+cluster|slots']
  for (const node of cluster.nodes) {
    await node.command('acl', 'setuser', 'app', 'on', '>secret', '~*', ...rules)
  }
  const redisOptions = { username: 'app', password: 'secret' }
  const nodes = [{ host: '127.0.0.1', port: cluster.ports[0] }]
  const client = new Cluster(nodes, { redisOptions })
  client.on('error', () => {})
  const store = createKeyStore(client, { writeTimeout: 5_000 })
  t.after(() => store.quit())
  assert.equal(await store.saveIds('acl', 1, 'x'), true)
  assert.equal(await store.deleteAllIds('acl'), true)
})

test('ids with hash tags, and pairs in one slot', async (t) => {
  const { client, store } = await open(t)
  for (const [i, b, e] of [
    ['{i}', 1, 'x'],
    ['i', '{1}', '{1}'],
    ['i{', '}', '{}']
  ]) {
    assert.equal(await store.saveIds(i, b, e), true)
    assert.equal(await store.getExtId(i, b), e)
    assert.equal(await client.get(`${i}:e:${e}`), String(b))
    assert.equal(await store.deleteIds(i, b, e), true)
  }
})

test('deleteAllIds over every master, and nothing but its own', async (t) => {
  const { store } = await open(t)
  const saves = []
  for (let n = 0; n < 2_000; n++) saves.push(store.saveIds('i', n, n), store.saveIds('j', n, n))
  saves.push(store.saveIds('i', 'x:b:1', 'v'), store.saveIds('i:b:x', 2, 'w'))
  await Promise.all(saves)
  const after = [store.deleteAllIds('i'), store.saveIds('i', 1, 'after')]
  assert.deepEqual(await Promise.all(after), [true, true])
  const left = [...(await allKeys()).keys()]
  const own = left.filter((key) => key.startsWith('i:')).sort()
  assert.deepEqual(own, ['i:b:1', 'i:b:x:b:2', 'i:b:x:e:w', 'i:e:after'])
  assert.equal(left.length - own.length, 4_000)
})

test('a slot that is moving, key by key, and one that has moved', async (t) => {
  const { client, store } = await open(t)
  const [from, to] = cluster.masters
  const slots = new Map()
  for (let n = 0; n < 3_000; n++) {
    await store.saveIds('i', n, `x${n}`)
    const slot = await from.command('cluster', 'keyslot', `i:b:${n}`)
    slots.set(slot, [...(slots.get(slot) ?? []), n])
  }
  // A slot of the first master with two pairs: one stays while the other goes.
  const [slot, [stays, goes]] = [...slots].find(([slot, ids]) => slot < 5_000 && ids.length > 1)
  await to.command('cluster', 'setslot', slot, 'importing', cluster.ids[0])
  await from.command('cluster', 'setslot', slot, 'migrating', cluster.ids[1])
  await from.command('migrate', '127.0.0.1', to.port, `i:b:${goes}`, 0, 5_000)

  const answers = []
  for (const n of [stays, goes]) {
    answers.push(store.getExtId('i', n), store.saveIds('i', n, 'new'), store.getExtId('i', n))
    answers.push(store.deleteIds('i', n, 'new'), store.getExtId('i', n))
    answers.push(store.saveIds('i', n, `last${n}`))
  }
  const [a, b] = [stays, goes].map((n) => [`x${n}`, true, 'new', true, null, true])
  assert.deepEqual(await Promise.all(answers), [...a, ...b])

  for (const key of await from.command('cluster', 'getkeysinslot', slot, 100)) {
    await from.command('migrate', '127.0.0.1', to.port, key, 0, 5_000)
  }
  for (const node of [to, from, cluster.masters[2]]) {
    await node.command('cluster', 'setslot', slot, 'node', cluster.ids[1])
  }
  const later = []
  for (let n = 0; n < 200; n++) later.push(store.saveIds('i', stays, n), store.getExtId('i', stays))
  const settled = await Promise.all(later)
  assert.deepEqual(
    settled.filter((_, n) => n % 2),
    Array.from({ length: 200 }, (_, n) => String(n))
  )
  assert.equal(await client.get(`i:b:${stays}`), '199')
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal((await allKeys()).size, 0)
})

test('a call is not sent on to where its slot moves once its deadline is over', async (t) => {
  const { store } = await open(t, { writeTimeout: 300 })
  const [from, to] = cluster.masters
  const slotOf = (id) => from.command('cluster', 'keyslot', `i:b:${id}`)
  let id = 0
  while ((await slotOf(id)) >= 5_000) id++
  const slot = await slotOf(id)
  assert.equal(await store.getExtId('i', id), null)
  await to.command('cluster', 'setslot', slot, 'importing', cluster.ids[0])
  await from.command('cluster', 'setslot', slot, 'migrating', cluster.ids[1])
  await from.command('client', 'pause', 600)
  assert.equal(await store.saveIds('i', id, 'x'), false)
  // Comes back after what came back for the save.
  assert.equal(await store.getExtId('i', id), null)
  assert.equal(await to.command('cluster', 'countkeysinslot', slot), 0)
  for (const node of [from, to]) await node.command('cluster', 'setslot', slot, 'stable')
})

test('deleteAllIds while the slot of the pairs is half moved, and while it moves', async (t) => {
  const { store } = await open(t)
  const integration = '{one slot}'
  const slot = await cluster.masters[0].command('cluster', 'keyslot', integration)
  const fill = async () => {
    const saves = Array.from({ length: 1_000 }, (_, n) => store.saveIds(integration, n, n))
    assert.ok((await Promise.all(saves)).every(Boolean))
  }
  await fill()
  const counts = await Promise.all(
    cluster.masters.map((node) => node.command('cluster', 'countkeysinslot', slot))
  )
  const source = counts.findIndex((count) => count > 0)
  const target = (source + 1) % cluster.masters.length
  const [from, to] = [source, target].map((n) => cluster.masters[n])
  await to.command('cluster', 'setslot', slot, 'importing', cluster.ids[source])
  await from.command('cluster', 'setslot', slot, 'migrating', cluster.ids[target])
  const move = async (count) => {
    const keys = await from.command('cluster', 'getkeysinslot', slot, count)
    if (keys.length === 0) return 0
    const destination = ['127.0.0.1', to.port, '', 0, 5_000]
    await from.command('migrate', ...destination, 'replace', 'keys', ...keys)
    return keys.length
  }
  await move(700)
  assert.equal(await store.deleteAllIds(integration), true)
  assert.equal((await allKeys()).size, 0)

  await fill()
  const moving = (async () => {
    while ((await move(20)) > 0);
  })()
  const [deleted] = await Promise.all([store.deleteAllIds(integration), moving])
  assert.equal(deleted, true)
  assert.equal((await allKeys()).size, 0)
  for (const node of [to, from, ...cluster.masters]) {
    await node.command('cluster', 'setslot', slot, 'node', cluster.ids[target])
  }
})

test('a node that left before it had slots, and is of another cluster now', async (t) => {
  const { store } = await open(t, { writeTimeout: 5_000 })
  const [from] = cluster.masters
  const other = await startNode(['--cluster-enabled', 'yes'])
  t.after(() => other.stop())
  const id = await other.command('cluster', 'myid')
  await other.command('cluster', 'meet', '127.0.0.1', cluster.ports[0])
  const slot = await from.command('cluster', 'keyslot', 'i:b:1')
  const owner = cluster.masters[Math.floor((slot * 3) / 16_384)]
  const ownerId = cluster.ids[cluster.masters.indexOf(owner)]
  const knows = async (node, id) => (await node.command('cluster', 'nodes')).includes(id)
  for (const node of cluster.nodes) await until(() => knows(node, id))
  await until(() => knows(other, ownerId))
  await other.command('cluster', 'setslot', slot, 'importing', ownerId)
  await owner.command('cluster', 'setslot', slot, 'migrating', id)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.deleteAllIds('i'), true)

  await owner.command('cluster', 'setslot', slot, 'stable')
  await other.command('cluster', 'reset', 'hard')
  for (const node of cluster.nodes) await node.command('cluster', 'forget', id)
  await other.command('cluster', 'addslotsrange', 0, 16_383)
  assert.equal(await store.saveIds('i', 2, 'y'), true)
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal((await allKeys()).size, 0)
})

test('a client that connects anew by itself is not taken for closed', async (t) => {
  const { client, store } = await open(t)
  await store.saveIds('i', 1, 'x')
  client.disconnect(true)
  assert.equal(client.status, 'disconnecting')
  assert.equal(await store.getExtId('i', 1), 'x')
  await once(client, 'ready')
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.equal(store.stats().reconnects, 0)
})

test('a master killed: its replica takes over, and what was called meanwhile is done', async (t) => {
  const { store } = await open(t, { strict: true, writeTimeout: 30_000, readTimeout: 30_000 })
  await Promise.all(Array.from({ length: 300 }, (_, n) => store.saveIds('i', n, n)))
  const [victim] = cluster.masters
  await until(async () => (await victim.command('wait', 1, 1_000)) === 1)
  await victim.kill()
  const saves = Array.from({ length: 300 }, (_, n) => store.saveIds('i', n, `y${n}`))
  const found = Array.from({ length: 300 }, (_, n) => store.getExtId('i', n))
  assert.ok((await Promise.all(saves)).every((saved) => saved === true))
  assert.deepEqual(
    await Promise.all(found),
    Array.from({ length: 300 }, (_, n) => `y${n}`)
  )
})
