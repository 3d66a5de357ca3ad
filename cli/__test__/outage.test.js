/** A server that goes away in the middle of a command and comes back, or is replaced: no command minds. */

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const createKeyStore = require('js-redis-key-store')
const redis = require('redis3')
const { commander, useServer } = require('../../__test__/support/redis')
const { until, useCluster, useSentinels } = require('../../__test__/support/topologies')
const { held, watched } = require('./held')
const { ndjson, useFolder } = require('./support')

const folder = useFolder()
const pairs = Array.from({ length: 15_000 }, (_, n) => [`${n}`, `ext-${n}`])
const lines = pairs.map((pair) => ndjson('i', ...pair)).sort()
/** Halves are put back one by one. */
const torn = pairs.slice(0, 2_000)
const [single] = pairs

before(() => folder.write('pairs.ndjson', lines.join('')))

/** A server, or servers, and what becomes of them. Whoever takes over is held back until then. */
const OUTAGES = {
  'a restart, with data to load': {
    // It writes down each command, and takes its time to read them: 1 µs more for each few keys.
    use: () =>
      useServer({
        args: [
          ...['--appendonly', 'yes', '--appendfsync', 'always', '--key-load-delay', '-3'],
          ...['--loading-process-events-interval-bytes', '1024']
        ]
      }),
    url: ({ url }) => url,
    masters: (server) => [server],
    fail: (server) => server.kill(),
    mend: async (server) => {
      await server.restart()
      assert.match(await server.command('info', 'errorstats'), /errorstat_LOADING/)
    }
  },
  'a failover by sentinels': {
    use: () => useSentinels(),
    url: ({ ports, name }) => `redis-sentinel://127.0.0.1:${ports[0]}?sentinelServiceName=${name}`,
    masters: ({ nodes }) => nodes.slice(0, 1),
    prepare: ({ ports }) => needVotes(ports, 4),
    fail: ({ nodes: [master, replica] }) => lose(master, replica),
    mend: ({ ports }) => needVotes(ports, 2)
  },
  "a failover of a cluster's master": {
    use: () => useCluster(['--cluster-replica-no-failover', 'yes']),
    url: ({ ports }) => `redis-cluster://127.0.0.1:${ports[0]}?node=127.0.0.1:${ports[1]}`,
    masters: ({ masters }) => masters,
    fail: ({ masters: [master], nodes }) => lose(master, nodes[3]),
    mend: ({ nodes }) => nodes[3].command('config', 'set', 'cluster-replica-no-failover', 'no')
  }
}

/** Three sentinels can not come to four votes. */
const needVotes = async (ports, votes) => {
  for (const port of ports) {
    const client = redis.createClient({ port })
    await commander(client)('sentinel', 'set', 'primary', 'quorum', votes)
    client.end(true)
  }
}

/** Kills a master once its replica has all that it has confirmed. */
const lose = async (master, replica) => {
  await master.command('client', 'pause', 60_000, 'write')
  const offset = async ({ command }, name) =>
    new RegExp(`^${name}:(\\d+)`, 'm').exec(await command('info', 'replication'))[1]
  await until(
    async () =>
      (await offset(master, 'master_repl_offset')) === (await offset(replica, 'slave_repl_offset'))
  )
  await master.kill()
}

const one = ['--integration', 'i']

/** Arguments of a command on one store. */
const on =
  (prefix, ...words) =>
  (url) => [...words, '--url', url, '--key-prefix', prefix]

/** What walks over pairs, and leaves them as they are. */
const walk = (args, printed) => ({
  args,
  middle: [5, 50],
  done: ({ pages }) => pages,
  printed
})
const walkOf = (words, printed) => walk(on('kept:', ...words), printed)
const comparison = (how, printed) =>
  walk(
    (url) => [
      ...['verify', url, url, how],
      ...['--from-key-prefix', 'kept:', '--to-key-prefix', 'kept:']
    ],
    printed
  )

const SLOWLY = ['--rate', '10000', '--batch', '200']

/**
 * Commands on pairs of their own, under a `prefix`, so that all can be in the middle of their work at once: how
 * much of it is done then, by the keys that came and the pages of keys that were read; what is printed; and the
 * pairs that are left in the end.
 */
const LONG = {
  import: {
    prefix: 'import:',
    args: (url) =>
      on(
        'import:',
        'import',
        folder.file('pairs.ndjson'),
        '--no-check',
        '--verify',
        ...SLOWLY
      )(url),
    middle: [2_000, 28_000],
    done: ({ keys }) => keys,
    printed: /^imported 15,000 pairs.*looked up again and found/,
    left: pairs
  },
  copy: {
    prefix: 'copy:',
    args: (url) => [
      ...['copy', url, url, ...one, ...SLOWLY],
      ...['--from-key-prefix', 'kept:', '--to-key-prefix', 'copy:']
    ],
    middle: [2_000, 28_000],
    done: ({ keys }) => keys,
    printed: /^copied 15,000 pairs/,
    left: pairs
  },
  'verify --repair': {
    prefix: 'torn:',
    args: on('torn:', 'verify', '--repair', '--yes', ...one),
    middle: [20, 1_900],
    done: ({ keys }) => keys,
    printed: /2,000 missing halves, 0 that disagree, 2,000 written/,
    left: torn
  },
  'delete --all': {
    prefix: 'delete:',
    args: on('delete:', 'delete', '--all', '--yes', ...one),
    fill: (store) => store.saveAllIds('i', pairs),
    middle: [2_000, 25_000],
    done: ({ keys }) => -keys,
    printed: /^deleted all pairs/,
    left: []
  },
  export: {
    ...walk(
      (url) => on('kept:', 'export', '--all', folder.file('out.ndjson'))(url),
      /^exported 15,000 pairs/
    ),
    check: () => {
      const written = folder.read('out.ndjson').split(/(?<=\n)/)
      assert.match(written.pop(), /"end":\{"pairs":15000/)
      assert.deepEqual(written, lines)
    }
  },
  'export --unsorted': {
    ...walkOf(['export', '--all', '--unsorted', '-'], /"end":\{"pairs":15000/),
    check: (stdout) =>
      assert.deepEqual(
        stdout
          .split(/(?<=\n)/)
          .slice(0, -1)
          .sort(),
        lines
      )
  },
  list: {
    ...walkOf(['list', '--json', '--show-ids', ...one], /./),
    check: (stdout) => assert.deepEqual(stdout.split(/(?<=\n)/).sort(), lines)
  },
  count: walkOf(['count', '--all'], /^15000\n$/),
  'count of one integration': walkOf(['count', ...one], /^15000\n$/),
  integrations: walkOf(['integrations'], /^ +15,000 {2}i\n +15,000 {2}pairs in all\n$/),
  'verify of one store': walkOf(['verify'], /^15,000 whole pairs, 0 missing/),
  'verify --full': comparison('--full', /^the same: 15,000 pairs/),
  'verify --quick': comparison('--quick', /^as many pairs in both/)
}

/** Too short to be in the middle of: they begin while nobody serves. */
const SHORT = {
  get: {
    args: on('kept:', 'get', ...one, '--ext-id', 'ext-1'),
    printed: /^1\n$/
  },
  set: {
    prefix: 'set:',
    args: on('set:', 'set', ...one, ...single),
    printed: /^saved/,
    left: [single]
  },
  delete: {
    prefix: 'single:',
    args: on('single:', 'delete', '--yes', ...one, '--botmatic-id', single[0]),
    printed: /^deleted/,
    left: []
  }
}

const column = (pairs, n) => pairs.map((pair) => pair[n])

const fill = async (open) => {
  await open('kept:').saveAllIds('i', pairs)
  await open('single:').saveAllIds('i', [single])
  await open('torn:').saveAllIds('i', torn)
  // Of a pair that is half there, this takes the half that is.
  await open('torn:').deleteManyIds(
    'i',
    torn.map(([, extId]) => ['nobody', extId])
  )
}

/** How many keys masters have, and pages of keys they have given. */
const state = async (masters) => {
  const all = await Promise.all(
    masters.map(async ({ command }) => {
      const [, pages = 0] =
        /cmdstat_scan:calls=(\d+)/.exec(await command('info', 'commandstats')) ?? []
      return { keys: await command('dbsize'), pages: Number(pages) }
    })
  )
  const sum = (name) => all.reduce((total, each) => total + each[name], 0)
  return { keys: sum('keys'), pages: sum('pages') }
}

for (const [name, { use, url, masters, prepare, fail, mend }] of Object.entries(OUTAGES)) {
  describe(name, () => {
    const place = use()
    const begun = {}
    const stores = new Map()

    /** The library's store of a prefix. */
    const open = (keyPrefix) => {
      const options = { keyPrefix, strict: true, readTimeout: 60_000 }
      if (!stores.has(keyPrefix)) stores.set(keyPrefix, createKeyStore(url(place), options))
      return stores.get(keyPrefix)
    }

    const argsOf = ({ args }) => [...args(url(place)), '--timeout', '120']

    /** Makes a command ready to be begun; gives what tells how much of it is done. */
    const progress = async ({ fill, prefix, done }) => {
      await fill?.(open(prefix))
      const before = await state(masters(place))
      return async () => {
        const { keys, pages } = await state(masters(place))
        return done({ keys: keys - before.keys, pages: pages - before.pages })
      }
    }

    before(async () => {
      await fill(open)
      await prepare?.(place)
      for (const [name, command] of Object.entries(LONG)) {
        begun[name] = await held(argsOf(command), command.middle, () => progress(command))
      }
      await fail(place)
      for (const { child } of Object.values(begun)) child.kill('SIGCONT')
      for (const [name, command] of Object.entries(SHORT)) begun[name] = watched(argsOf(command))
      await Promise.all(Object.values(begun).map(({ said }) => said(/waiting for it/)))
      await mend(place)
    })

    after(async () => {
      for (const { child } of Object.values(begun)) child.kill('SIGKILL')
      await Promise.all([...stores.values()].map((store) => store.quit()))
    })

    const hasOnly = async (prefix, expected) => {
      const { pairs, missing, disagreeing } = await open(prefix).verifyIds('i')
      assert.deepEqual([pairs, missing, disagreeing], [expected.length, 0, 0])
      const found = await open(prefix).getExtIds('i', column(expected, 0))
      assert.deepEqual(found, column(expected, 1))
    }

    for (const [name, { printed, check, prefix, left }] of Object.entries({ ...LONG, ...SHORT })) {
      test(name in LONG ? `in the middle of ${name}` : `before ${name}`, async () => {
        const { code, stdout, stderr } = await begun[name].ended
        assert.equal(code, 0, stderr)
        assert.match(stderr, /waiting for it/)
        assert.match(stdout, printed)
        check?.(stdout)
        if (left) await hasOnly(prefix, left)
      })
    }

    test('what was only read is as it was', () => hasOnly('kept:', pairs))
  })
}
