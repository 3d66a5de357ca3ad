/** A master, its replica and three sentinels for the model check, and what can break there only. */

const { Redis } = require('ioredis5')
const redis = require('redis3')
const { freePort } = require('../../scripts/redis')
const createKeyStore = require('../..')
const { amidst, holdWrites, isMaster, networkFaults, serverFaults } = require('./model-faults')
const { everything } = require('./model-single')
const { startProxy } = require('./proxy')
const { commander } = require('./redis')
const { replicates, until } = require('./topologies')

const WORDS = ['MSET', 'GET', 'DEL', 'SCAN', 'MGET', 'UNLINK', 'CLIENT', 'SENTINEL', 'ROLE']

const LOCALHOST = '127.0.0.1'
/** The sentinels do nothing by themselves: a master that is slow only must not lose what it has. */
const PATIENCE = 60_000

/** `pair` has the `master` and the `replica` of now, `sentinels` ways to send them commands. */
const sentinelFaults = (pair, sentinels, name) => {
  const named = async (sentinel) =>
    Number((await sentinel('sentinel', 'get-master-addr-by-name', name))[1])

  const takesOver = async (game, begin, end) => {
    const { master, replica } = pair
    await replicates(replica)
    const [, sentinel] = sentinels
    // Refused until the sentinel has seen that the replica is fit.
    const isTaken = () => sentinel('sentinel', 'failover', name).then(Boolean, () => false)
    await amidst(game, [master.proxy, replica.proxy], async () => {
      await holdWrites(master)
      await begin(master)
      await until(isTaken)
      await until(() => isMaster(replica))
      for (const sentinel of sentinels) {
        await until(async () => (await named(sentinel)) === replica.port)
      }
      await end(master)
      // As the sentinels do.
      await master.command('replicaof', LOCALHOST, replica.port)
      await master.command('client', 'unpause')
    })
    Object.assign(pair, { master: replica, replica: master })
  }
  const nothing = async () => {}
  const monitor = async (sentinel, port) => {
    await sentinel('sentinel', 'remove', name)
    await sentinel('sentinel', 'monitor', name, LOCALHOST, port, 2)
    await sentinel('sentinel', 'set', name, 'down-after-milliseconds', PATIENCE)
  }
  return {
    'lost: the replica takes over': (game) => takesOver(game, nothing, nothing),
    'lost: the master is killed': (game) =>
      takesOver(
        game,
        (master) => master.kill(),
        (master) => master.restart()
      ),
    'the first sentinel names a dead master': async ({ burst, settled }) => {
      await monitor(sentinels[0], await freePort())
      for (const proxy of [pair.master.proxy, pair.replica.proxy]) proxy.drop()
      burst()
      await settled()
      await monitor(sentinels[0], pair.master.port)
    }
  }
}

/** See `runModel`. */
const sentinelPlace = async ({ nodes, sentinels, name, ports }) => {
  const proxyOf = async (port) => {
    const proxy = await startProxy(port)
    return { proxy, address: { host: LOCALHOST, port: Number(new URL(proxy.url).port) } }
  }
  const fronts = await Promise.all([...nodes, ...sentinels].map(({ port }) => proxyOf(port)))
  const proxies = fronts.map(({ proxy }) => proxy)
  for (const [n, node] of nodes.entries()) node.proxy = proxies[n]
  const natMap = Object.fromEntries(
    nodes.map(({ port }, n) => [`${LOCALHOST}:${port}`, fronts[n].address])
  )
  const client = new Redis({
    sentinels: fronts.slice(nodes.length).map(({ address }) => address),
    name,
    natMap,
    lazyConnect: true
  })
  const clients = ports.map((port) => redis.createClient({ port }))
  const commands = clients.map(commander)
  for (const command of commands) {
    await command('sentinel', 'set', name, 'down-after-milliseconds', PATIENCE)
  }
  const [master, replica] = nodes
  const pair = { master, replica }
  return {
    open: (options) => createKeyStore(client, options),
    contents: () => everything(pair.master),
    faults: {
      ...networkFaults(proxies, WORDS),
      ...serverFaults(() => [pair.master]),
      ...sentinelFaults(pair, commands, name)
    },
    stop: () => {
      for (const own of clients) own.end(true)
      for (const proxy of proxies) proxy.stop()
    }
  }
}

module.exports = { sentinelPlace }
