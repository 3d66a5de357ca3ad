/**
 * quit() in the states that a client may be in. Each is a process, which has to end with it as early as
 * with the client's own quit; a rejection that nobody handles would end it with a code.
 */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')
const { until } = require('./support/topologies')

const server = useServer()
const node = useServer({
  args: ['--cluster-enabled', 'yes'],
  prepare: async ({ command }) => {
    await command('cluster', 'addslotsrange', 0, 16_383)
    await until(async () => (await command('cluster', 'info')).includes('cluster_state:ok'))
  }
})

const nodeRedis = (name) => `
  const client = require('${name}').createClient({ url: 'redis://127.0.0.1:' + PORT })
  client.on('error', () => {})
  client.connect().catch(() => {})`

const nodeRedisCluster = (name) => `
  const rootNodes = [{ url: 'redis://127.0.0.1:' + NODE }]
  const client = require('${name}').createCluster({ rootNodes })
  client.on('error', () => {})
  client.connect().catch(() => {})`

const pool = (name) => `
  const client = require('${name}').createClientPool({ url: 'redis://127.0.0.1:' + PORT })
  client.on('error', () => {})
  client.connect().catch(() => {})`

const ioredis = (name) => `
  const client = new (require('${name}'))(PORT, '127.0.0.1')
  client.on('error', () => {})`

const redis = (name) => `
  const client = require('${name}').createClient({ port: PORT })
  client.on('error', () => {})`

/** Clients that begin to connect. */
const CLIENTS = {
  'redis 2': redis('redis2'),
  'redis 3': redis('redis3'),
  'redis 4': nodeRedis('redis4'),
  'redis 5': nodeRedis('redis5'),
  'redis 6': nodeRedis('redis6'),
  'redis 5 pool': pool('redis5'),
  'redis 6 pool': pool('redis6'),
  'redis 4 cluster': nodeRedisCluster('redis4'),
  'redis 5 cluster': nodeRedisCluster('redis5'),
  'redis 6 cluster': nodeRedisCluster('redis6'),
  'ioredis 4': ioredis('ioredis4'),
  'ioredis 5': ioredis('ioredis5'),
  'ioredis 6': ioredis('ioredis6'),
  iovalkey: ioredis('iovalkey')
}

/** What the program prints after `quit` has begun, and how long it went on after that, in ms. */
const ends = async (client, ports, rest) => {
  const script = `
    const [PORT, NODE] = ${JSON.stringify(ports)}
    ${client}
    const store = require('.')(client, { connectTimeout: 1_000, responseTimeout: 1_000 })
    let began
    const quit = () => {
      began ??= performance.now()
      return store.quit().then((given) => console.log('quit', given))
    }
    process.on('exit', () => console.log(performance.now() - began))
    ${rest}`
  const { code, signal, stdout, stderr } = await runScript(script)
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  const lines = stdout.trim().split('\n')
  return { took: Number(lines.pop()), lines }
}

describe('as soon as it is made', () => {
  for (const [kind, client] of Object.entries(CLIENTS)) {
    test(kind, async () => {
      const { took, lines } = await ends(client, [server.port, node.port], 'quit(); quit()')
      assert.equal(lines.length, 2)
      assert.equal(lines[0], lines[1])
      // What ioredis takes when it is told before it is ready.
      assert.ok(took < 1_900, `${took} ms`)
    })

    test(`${kind}, with a save under way`, async () => {
      const save = `store.saveIds('i', 1, 'x').then((saved) => console.log('saved', saved)); quit()`
      const { took, lines } = await ends(client, [server.port, node.port], save)
      assert.ok(lines.includes('saved true'), lines.join())
      assert.ok(took < 1_900, `${took} ms`)
    })
  }
})

describe('to a server that never comes', () => {
  // Pools go on trying for ever, however they are closed: quit resolves, the process is theirs.
  const others = Object.entries(CLIENTS).filter(([kind]) => !kind.endsWith('pool'))
  for (const [kind, client] of others) {
    test(kind, async () => {
      const begin = `store.saveIds('i', 1, 'x').then((saved) => console.log('saved', saved))
        setTimeout(() => { quit(); quit() }, 100)`
      const { took, lines } = await ends(client, [1, 1], begin)
      assert.ok(lines.includes('saved false'), lines.join())
      assert.equal(lines.filter((line) => line.startsWith('quit')).length, 2)
      // Both timeouts, and the two seconds of ioredis or between two attempts of redis.
      assert.ok(took < 6_000, `${took} ms`)
    })
  }
})

describe('a pool whose server never comes', () => {
  for (const kind of ['redis 5 pool', 'redis 6 pool']) {
    test(kind, async () => {
      const begin = `store.saveIds('i', 1, 'x').then((saved) => console.log('saved', saved))
        quit().then(() => process.exit())`
      const { took, lines } = await ends(CLIENTS[kind], [1, 1], begin)
      assert.deepEqual(lines, ['saved false', 'quit undefined'])
      assert.ok(took < 6_000, `${took} ms`)
    })
  }
})

describe('after the application closed it', () => {
  const closing = `
    const name = ['quit', 'close'].find((each) => typeof client[each] === 'function')
    // Told to quit while it connects, a cluster client of redis leaves nodes connected, and the process goes on.
    const areReady = (masters) => masters.length > 0 && masters.every(({ client }) => client?.isReady)
    const isReady = () =>
      client.masters
        ? areReady(client.masters)
        : (client.isReady ?? client.ready ?? (client.status ? client.status === 'ready' : true))
    const ready = setInterval(async () => {
      if (!isReady()) return
      clearInterval(ready)
      await client[name]()
      quit(); quit()
    }, 20)`
  for (const [kind, client] of Object.entries(CLIENTS)) {
    test(kind, async () => {
      const { took, lines } = await ends(client, [server.port, node.port], closing)
      assert.equal(lines.length, 2)
      assert.equal(lines[0], lines[1])
      assert.ok(took < 1_900, `${took} ms`)
    })
  }
})
