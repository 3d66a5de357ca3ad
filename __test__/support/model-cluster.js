/** A cluster for the model check, and what can break there only. */

const { setTimeout: sleep } = require('node:timers/promises')
const { Cluster } = require('ioredis5')
const createKeyStore = require('../..')
const { amidst, holdWrites, isMaster, networkFaults, serverFaults } = require('./model-faults')
const { killed } = require('./model-single')
const { slotFaults } = require('./model-slots')
const { startProxy } = require('./proxy')
const { replicates, until } = require('./topologies')

const WORDS = ['SET', 'GET', 'DEL', 'SCAN', 'UNLINK', 'ASKING', 'SLOTS', 'CLIENT']

const SLOTS = 16_384

/** How often another process saves, in ms. */
const WRITES = 5

/** All that the masters hold; a key that its node does not serve stands for itself. */
const contentsOf = async (masters) => {
  const found = new Map()
  for (const { command, port } of masters) {
    const keys = await command('keys', '*')
    const read = (key) => command('get', key).catch(({ message }) => `${port}: ${message}`)
    const values = await Promise.all(keys.map(read))
    for (const [n, key] of keys.entries()) {
      found.set(key, found.has(key) ? `on two nodes: ${found.get(key)}, ${values[n]}` : values[n])
    }
  }
  return found
}

/** Makes a master without slots of a replica. */
const part = async (node, other) => {
  await node.command('cluster', 'reset', 'hard')
  await node.command('cluster', 'meet', '127.0.0.1', other.port)
  await until(async () => /cluster_state:ok/.test(await node.command('cluster', 'info')))
}

const shardFaults = (shards) => ({
  'lost: a master is killed and comes back': (game) => killed(game, game.pick(shards).master),
  /** Without a vote, since nodes vote twice a master only after half a minute. */
  'a replica takes over': async (game) => {
    const shard = game.pick(shards.filter(({ replica }) => replica))
    const { master, replica } = shard
    await replicates(replica)
    await amidst(game, [master.proxy, replica.proxy], async () => {
      await holdWrites(master)
      await replica.command('cluster', 'failover', 'takeover')
      await until(() => isMaster(replica))
      await until(async () => !(await isMaster(master)))
      await master.command('client', 'unpause')
    })
    Object.assign(shard, { master: replica, replica: master })
  }
})

/** `client` is another process's; `w` is an integration that the random calls leave alone. */
const strangerFaults = (client, proxies) => ({
  'another process saves beside deleteAllIds': async ({ call, settled }) => {
    // The walk takes longer than it is between two saves.
    for (const proxy of proxies) proxy.delay(2 * WRITES)
    let isOver = false
    const save = async () => {
      for (let n = 0; !isOver; n++) {
        await Promise.all([client.set(`w:b:${n}`, `x${n}`), client.set(`w:e:x${n}`, n)])
        await sleep(WRITES)
      }
    }
    const saving = save()
    await sleep(10 * WRITES)
    call('deleteAllIds', ['w'])
    try {
      await settled()
    } finally {
      isOver = true
      await saving
      for (const proxy of proxies) await proxy.heal()
    }
    call('deleteAllIds', ['w'])
  }
})

/** A key where its slot is not: someone has called a move off and left it there. */
const strayFault =
  (shards) =>
  async ({ burst, call, settled, pick }) => {
    const key = 'w:b:stray'
    const slot = await shards[0].master.command('cluster', 'keyslot', key)
    const counts = await Promise.all(
      shards.map(({ master }) =>
        master.command('set', key, 'x').then(
          () => true,
          () => false
        )
      )
    )
    const owner = shards[counts.indexOf(true)]
    // No master may take it just now, while one is being replaced.
    if (!owner) return
    const { command } = pick(shards.filter((shard) => shard !== owner)).master
    await owner.master.command('del', key)
    const astray = async (...asked) => {
      await command('cluster', 'setslot', slot, 'importing', owner.master.id)
      await Promise.all([command('asking'), command(...asked)])
      await command('cluster', 'setslot', slot, 'stable')
    }
    await astray('set', key, 'x')
    burst()
    call('deleteAllIds', ['w'], { orFails: 'REPLY' })
    try {
      await settled()
    } finally {
      await astray('del', key)
    }
  }

/** See `runModel`. */
const clusterPlace = async ({ nodes, ids, masters }) => {
  const proxies = await Promise.all(nodes.map(({ port }) => startProxy(port)))
  for (const [n, node] of nodes.entries()) Object.assign(node, { proxy: proxies[n], id: ids[n] })
  const bounds = [0, 1, 2, 3].map((n) => Math.floor((n * SLOTS) / 3))
  const shards = masters.map((master, n) => ({
    master,
    replica: n < 2 ? nodes[n + 3] : undefined,
    range: [bounds[n], bounds[n + 1] - 1]
  }))
  const newcomer = { master: nodes[5] }
  await part(newcomer.master, masters[0])
  newcomer.master.id = await newcomer.master.command('cluster', 'myid')
  const addresses = proxies.map(({ url }) => ({
    host: '127.0.0.1',
    port: Number(new URL(url).port)
  }))
  const natMap = Object.fromEntries(nodes.map(({ port }, n) => [`127.0.0.1:${port}`, addresses[n]]))
  const client = new Cluster(addresses.slice(0, 2), { natMap, lazyConnect: true })
  const stranger = new Cluster([{ host: '127.0.0.1', port: nodes[0].port }])
  const current = () => shards.map(({ master }) => master)
  return {
    open: (options) => createKeyStore(client, options),
    contents: () => contentsOf([...current(), newcomer.master]),
    faults: {
      ...networkFaults(proxies, WORDS),
      ...serverFaults(current),
      ...slotFaults({ shards, newcomer, proxies, words: WORDS }),
      ...shardFaults(shards),
      ...strangerFaults(stranger, proxies),
      'a key on a node that does not serve it': strayFault(shards)
    },
    stop: () => {
      stranger.disconnect()
      for (const proxy of proxies) proxy.stop()
    }
  }
}

module.exports = { clusterPlace }
