/** A cluster of three masters and their replicas, and a master with a replica and three sentinels. */

const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: pause } = require('node:timers/promises')
const { after, before } = require('node:test')
const redis = require('redis3')
const { startRedis } = require('../../scripts/redis')
const { commander } = require('./redis')

const SLOTS = 16_384
const MASTERS = 3
/** A replica is served at once. */
const QUICK = ['--repl-diskless-sync-delay', 0]

/** Asks until the answer is good, or for so many ms; servers tell nobody when they have agreed. */
const until = async (isGood, limit = 60_000) => {
  const end = performance.now() + limit
  while (!(await isGood())) {
    if (performance.now() > end) throw new Error(`not so within ${limit} ms: ${isGood}`)
    await pause(20)
  }
}

/** A server with a way to send it any command. */
const startNode = async (args, password) => {
  const server = await startRedis({ args })
  const client = redis.createClient({ port: server.port, password })
  client.on('error', () => {})
  const stop = async () => {
    client.end(true)
    await server.stop()
  }
  return Object.defineProperties(
    { command: commander(client) },
    { ...Object.getOwnPropertyDescriptors(server), stop: { value: stop } }
  )
}

/** The lines of a reply that holds `name:value` lines. */
const fields = (text) => Object.fromEntries(text.split('\r\n').map((line) => line.split(':', 2)))

/** Resolves when a replica has all that its master has. */
const replicates = (replica) =>
  until(async () => {
    const state = await replica.command('info', 'replication').catch(() => '')
    return fields(state).master_link_status === 'up'
  })

/** Without replicas it is there in a third of the time. */
const startCluster = async (args = [], { replicas = MASTERS } = {}) => {
  const own = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', ...args]
  const length = MASTERS + replicas
  const nodes = await Promise.all(Array.from({ length }, () => startNode(own)))
  const ids = await Promise.all(nodes.map((node) => node.command('cluster', 'myid')))
  const masters = nodes.slice(0, MASTERS)
  for (const [n, node] of masters.entries()) {
    const [first, next] = [n, n + 1].map((part) => Math.floor((part * SLOTS) / MASTERS))
    await node.command('cluster', 'addslotsrange', first, next - 1)
    await node.command('cluster', 'set-config-epoch', n + 1)
  }
  for (const node of nodes.slice(1)) {
    await node.command('cluster', 'meet', '127.0.0.1', nodes[0].port)
  }
  const known = async (node) => fields(await node.command('cluster', 'info'))
  for (const node of nodes) {
    await until(async () => (await known(node)).cluster_known_nodes === String(nodes.length))
  }
  for (const [n, replica] of nodes.slice(MASTERS).entries()) {
    await until(() =>
      replica.command('cluster', 'replicate', ids[n]).then(
        () => true,
        () => false
      )
    )
  }
  for (const node of nodes) {
    await until(async () => (await known(node)).cluster_state === 'ok')
  }
  for (const replica of nodes.slice(MASTERS)) await replicates(replica)
  return { nodes, masters, ids, ports: nodes.map(({ port }) => port) }
}

const startSentinels = async ({ args = [], password } = {}) => {
  const login = password ? ['--requirepass', password, '--masterauth', password] : []
  const own = [...QUICK, ...login, ...args]
  const master = await startNode(own, password)
  const replica = await startNode([...own, '--replicaof', '127.0.0.1', master.port], password)
  const nodes = [master, replica]
  // Sentinels ask a master for its replicas at once, and then only every 10 s.
  await replicates(replica)
  const sentinels = await Promise.all(
    [1, 2, 3].map((n) => {
      const file = path.join(master.directory, `sentinel-${n}.conf`)
      const lines = [
        `sentinel monitor primary 127.0.0.1 ${master.port} 2`,
        'sentinel down-after-milliseconds primary 500',
        'sentinel failover-timeout primary 2000',
        ...(password ? [`sentinel auth-pass primary "${password}"`] : [])
      ]
      fs.writeFileSync(file, `${lines.join('\n')}\n`)
      return startRedis({ config: file, args: ['--sentinel'] })
    })
  )
  return { nodes, sentinels, name: 'primary', ports: sentinels.map(({ port }) => port) }
}

/** Makes a topology for the suite that calls this; see `useServer`. */
const use =
  (start) =>
  (...options) => {
    const own = {}
    before(async () => Object.assign(own, await start(...options)))
    after(() => Promise.all([own.nodes, own.sentinels].flat().map((server) => server?.stop())))
    return own
  }

module.exports = {
  replicates,
  startNode,
  until,
  useCluster: use(startCluster),
  useSentinels: use(startSentinels)
}
