const { setTimeout: sleep } = require('node:timers/promises')
const redis = require('redis3')
const createKeyStore = require('../..')
const { startRedis } = require('../../scripts/redis')
const { TIMES, startLoad } = require('./load')
const { startProxy } = require('./proxy')
const { randomFrom } = require('./random')
const { commander } = require('./redis')

/** A server that loses nothing that it confirmed. */
const LASTING = ['--appendonly', 'yes', '--appendfsync', 'always', '--enable-debug-command', 'yes']

const MIB = 2 ** 20

const residentSize = () => {
  globalThis.gc?.()
  return process.memoryUsage.rss() / MIB
}

/** Each: breaks something for about `ms`. What it broke is whole again when it resolves. */
const faultsOf = (server, proxy, command) => {
  const lasting = (begin) => async (ms) => {
    await begin(ms)
    await sleep(ms)
    await proxy.heal()
  }
  return {
    kill: async (ms) => {
      await server.kill()
      await sleep(ms)
      await server.restart()
    },
    stop: async (ms) => {
      process.kill(server.pid, 'SIGSTOP')
      await sleep(ms)
      process.kill(server.pid, 'SIGCONT')
    },
    'client kill': () => command('client', 'kill', 'type', 'normal', 'skipme', 'yes'),
    'client pause': async (ms) => {
      await command('client', 'pause', Math.ceil(ms), 'all')
      await command('ping')
    },
    'debug sleep': (ms) => command('debug', 'sleep', ms / 1000),
    drop: async () => proxy.drop(),
    stall: lasting(proxy.stall),
    cut: lasting((ms) => proxy.cutAfter(Math.ceil(ms))),
    delay: lasting(proxy.delay),
    garbage: lasting(() => proxy.garble(Buffer.from('+what?\r\n$-9\r\n'))),
    'half-open': async () => proxy.halfOpen(),
    refuse: lasting(proxy.refuse),
    'slow accept': lasting(proxy.acceptSlowly)
  }
}

/**
 * Random faults, one after the other, between a store under load and its server, for `ms`; the
 * store must recover after each. Resolves to what came of it; rejects when a promise of the store
 * was broken.
 * @param {{seed: number, ms: number, rate?: number, longest?: number, report?: (line: object) => void}} options
 *   `longest`: how long a fault may last in ms; `report` hears every 10 s how it goes
 */
const runSchedule = async ({ seed, ms, rate = 2_000, longest = 600, report = () => {} }) => {
  const random = randomFrom(seed)
  const server = await startRedis({ args: LASTING })
  const proxy = await startProxy(server.port)
  const client = redis.createClient({ port: server.port, retry_strategy: () => 20 })
  client.on('error', () => {})
  const command = commander(client)
  const faults = Object.entries(faultsOf(server, proxy, command))
  const store = createKeyStore(proxy.url, TIMES)
  const load = startLoad(store, { rate, seed })
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const told = { faults: 0, slowestRecovery: 0 }
  const lines = []
  const tell = () => {
    const line = { seconds: Math.round(seconds()), ...load.count, ...told, mib: residentSize() }
    lines.push(line)
    report(line)
  }
  const timer = setInterval(tell, 10_000)
  try {
    await load.more(rate / 4)
    const before = residentSize()
    while (seconds() * 1000 < ms) {
      const [name, fault] = random.pick(faults)
      try {
        await fault(20 + random.next() * longest)
        const took = await load.recovered()
        told.slowestRecovery = Math.max(told.slowestRecovery, Math.round(took))
      } catch (error) {
        throw new Error(`after "${name}": ${error.message}`, { cause: error })
      }
      told.faults++
      await load.more(rate / 10)
    }
    tell()
    // Against the middle of the run, when all has been in use; before the check reads everything.
    const settled = lines.find((line) => line.seconds >= ms / 2000)
    const grown = residentSize() - (settled?.mib ?? before)
    await load.check(command)
    return { ...load.count, ...told, reconnects: store.stats().reconnects, grown }
  } finally {
    clearInterval(timer)
    await load.stop()
    await store.quit()
    proxy.stop()
    client.end(true)
    await server.stop()
  }
}

module.exports = { LASTING, runSchedule }
