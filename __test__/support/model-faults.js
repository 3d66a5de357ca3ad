/** What breaks a connection or a server of any topology while calls are under way. */

const { setTimeout: sleep } = require('node:timers/promises')
const redis = require('redis3')
const { APART } = require('./model-calls')
const { TIMES } = require('./model-judge')
const { commander, connections } = require('./redis')

/** A little longer than a silent connection is put up with. */
const SILENCE = 1.2 * TIMES.responseTimeout
/** Commands of `deleteAllIds`. */
const WALKS = ['SCAN', 'MGET', 'UNLINK']
/** How many bytes pass in a millisecond when they crawl. */
const PIECE = 3_000
/** How a connection can end on which a word comes, see the proxy's `trip`. */
const WAYS = ['unsent', 'unanswered', 'cut', 'late', 'silent']

/**
 * Loses connections just when a word is sent, and makes calls.
 * @param {object[]} proxies
 * @param {string[]} words of which one is chosen
 */
const lose = async ({ pick, chance, call, burst, pause }, proxies, words) => {
  const way = pick(WAYS)
  const word = pick(words)
  const tripped = proxies.filter(() => chance(0.7))
  for (const proxy of tripped) proxy.trip(word, way)
  // Some are sent with a new connection only.
  if (chance(0.3)) for (const proxy of proxies) proxy.drop()
  burst()
  if (WALKS.includes(word)) call('deleteAllIds', [pick(APART.integrations)])
  await pause(30)
  burst()
  await pause(way === 'silent' ? 2 * SILENCE : 60)
  for (const proxy of tripped) {
    await proxy.release()
    await proxy.heal()
  }
}

/** Each: what lies between the store and its servers breaks. */
const networkFaults = (proxies, words) => {
  const all = (method, ...args) => Promise.all(proxies.map((proxy) => proxy[method](...args)))
  /** A fault that lasts, with calls at its begin and end. */
  const lasting =
    (method, ...args) =>
    async ({ burst, pause }) => {
      await all(method, ...args)
      burst()
      await pause(200)
      burst()
      await all('heal')
    }
  return {
    'lost: at a command': (game) => lose(game, proxies, words),
    'lost: at another command': (game) => lose(game, proxies, words),
    'lost: one connection after the other': async ({ pick, burst, pause }) => {
      for (let n = 0; n < 3; n++) {
        pick(proxies).drop()
        burst()
        await pause(10)
      }
    },
    'lost: replies end anywhere': async ({ next, burst, pause }) => {
      const bytes = Math.ceil(next() * 2_000)
      burst()
      await all('cutAfter', bytes)
      await pause(50)
      burst()
      await all('heal')
    },
    'lost: replies that never come': async ({ burst, pause }) => {
      await all('garble', Buffer.alloc(0))
      burst()
      await pause(200)
      // At once: of a connection that lacks replies no other may come.
      const healed = all('heal')
      all('drop')
      await healed
    },
    'lost: what was sent comes late': async ({ burst, pause }) => {
      await all('hold')
      burst()
      await sleep(SILENCE)
      burst()
      await pause(100)
      await all('release')
      burst()
    },
    'lost: nobody listens': lasting('refuse'),
    'the far side is gone and nobody says so': lasting('halfOpen'),
    'nothing passes for a while': lasting('stall'),
    'nothing passes for long': async ({ burst }) => {
      await all('stall')
      burst()
      await sleep(SILENCE)
      burst()
      await all('heal')
    },
    'replies come late': async ({ next, burst, pause }) => {
      await all('delay', Math.ceil(next() * 100))
      burst()
      await pause(200)
      burst()
      await all('heal')
    }
  }
}

const isMaster = async ({ command }) => (await command('role').catch(() => []))[0] === 'master'

/**
 * Holds writes to a master until its replica has all: what is confirmed and not replicated when that
 * takes over, Redis itself loses.
 */
const holdWrites = async ({ command }) => {
  await command('client', 'pause', 60_000, 'write')
  await command('wait', 1, 0)
}

/** Ends the store's connections at the server. */
const killConnections = async (command) => {
  for (const line of await connections(command)) {
    // It may be gone already.
    await command('client', 'kill', 'id', /id=(\d+)/.exec(line)[1]).catch(() => {})
  }
}

/**
 * Lets a fault begin and end in the midst of calls: small bursts, one upon the other, reach the
 * servers byte by byte.
 */
const amidst = async ({ flood, chance }, proxies, fault) => {
  if (chance(0.8)) for (const proxy of proxies) proxy.crawl(PIECE, 1)
  const flooded = flood()
  await sleep(10)
  await fault()
  await flooded
  for (const proxy of proxies) await proxy.heal()
}

/** Each: a server breaks or refuses. `masters` tells the nodes that take writes now. */
const serverFaults = (masters) => {
  /** On one of the masters. */
  const onOne = (fault) => (game) => fault(game, game.pick(masters()))
  return {
    'lost: CLIENT KILL': onOne((game, { command, proxy }) =>
      amidst(game, [proxy], () => killConnections(command))
    ),
    'one connection falls silent': onOne(async ({ burst, judge, settled }, { proxy }) => {
      await settled()
      const { lost } = judge.count
      await proxy.stall()
      for (let n = 0; n < 30; n++) {
        burst({ most: 20 })
        await sleep(TIMES.responseTimeout / 10)
      }
      const isReplaced = judge.count.lost > lost
      await proxy.heal()
      if (!isReplaced) throw new Error('a connection that owes answers was not replaced')
    }),
    'CLIENT PAUSE': onOne(async ({ burst, next, pick, pause }, { command }) => {
      const ms = Math.ceil(next() * 2 * SILENCE)
      await command('client', 'pause', ms, pick(['all', 'write']))
      burst()
      await pause(ms)
      burst()
      await command('client', 'unpause')
    }),
    BUSY: onOne((game, { command, port, proxy }) =>
      amidst(game, [proxy], async () => {
        await command('config', 'set', 'lua-time-limit', 10)
        const runner = redis.createClient({ port })
        const script = commander(runner)('eval', 'while true do end', 0).catch(() => {})
        // Not before it is known as busy.
        const kill = () => command('script', 'kill').then(Boolean, () => false)
        while (!(await kill())) await sleep(2)
        await script
        runner.end(true)
      })
    ),
    'the process stands still': onOne(async ({ burst, next }, { pid }) => {
      process.kill(pid, 'SIGSTOP')
      burst()
      await sleep(next() * 2 * SILENCE)
      process.kill(pid, 'SIGCONT')
      burst()
    }),
    'too many clients': onOne(async ({ burst, pause }, { command }) => {
      await command('config', 'set', 'maxclients', 1)
      await killConnections(command)
      burst()
      await pause(200)
      burst()
      await command('config', 'set', 'maxclients', 10_000)
    }),
    'out of memory': async ({ burst, settled }) => {
      await settled()
      for (const { command } of masters()) await command('config', 'set', 'maxmemory', 1)
      burst({ isRefused: true })
      await settled()
      for (const { command } of masters()) await command('config', 'set', 'maxmemory', 0)
    }
  }
}

module.exports = { amidst, holdWrites, isMaster, lose, networkFaults, serverFaults }
