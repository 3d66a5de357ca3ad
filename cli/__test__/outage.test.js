/** A server that goes away in the middle is waited for, and one that does not come back is told. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { before, beforeEach, describe, test } = require('node:test')
const { useServer } = require('../../__test__/support/redis')
const { useSentinels } = require('../../__test__/support/topologies')
const { collect, ndjson, run, start, useFolder } = require('./support')

const folder = useFolder()
const PAIRS = 60_000
const pair = (n) => [`${n}`, `ext-${n}`]

/** A child's end, and a promise of its first word that matches. */
const watched = (args) => {
  const child = start(args)
  let text = ''
  const said = (pattern) =>
    new Promise((resolve) => {
      const look = (bytes = '') => {
        text += bytes
        if (pattern.test(text)) resolve()
      }
      look()
      child.stderr.on('data', look)
      child.once('close', () => resolve())
    })
  return { child, ended: collect(child), said }
}

describe('a restart of the server', () => {
  // It writes down each command, so that nothing is lost.
  const server = useServer({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })

  const restart = async () => {
    await server.kill()
    await server.restart()
  }

  before(() => {
    folder.write(
      'pairs.ndjson',
      Array.from({ length: PAIRS }, (_, n) => ndjson('i', ...pair(n))).join('')
    )
  })

  test('in the middle of an import', async () => {
    const args = [
      'import',
      folder.file('pairs.ndjson'),
      '--no-check',
      '--url',
      server.url,
      '--rate',
      '30000',
      '--verify'
    ]
    const { ended, said } = watched([...args, '--progress', 'log'])
    while ((await server.command('dbsize').catch(() => 0)) < PAIRS / 2)
      await new Promise(setImmediate)
    await restart()
    await said(/waiting for it/)
    const { code, stderr, stdout } = await ended
    assert.equal(code, 0, stderr)
    assert.match(stdout, /60,000/)
    assert.match(stderr, /waiting for it[\s\S]*connected to .* again/)
    assert.equal(await server.command('dbsize'), 2 * PAIRS)
  })

  for (const [name, args] of Object.entries({
    export: () => ['export', folder.file('out.ndjson')],
    count: () => ['count', '--json'],
    'a comparison': () => ['verify', server.url, server.url],
    'a copy': () => [
      'copy',
      server.url,
      server.url,
      '--integration',
      'i',
      '--to-key-prefix',
      'copy:'
    ]
  })) {
    test(`in the middle of ${name}`, async () => {
      const own = args()
      const { ended } = watched(own.includes(server.url) ? own : [...own, '--url', server.url])
      // It is at work once it has looked at some keys.
      const before = Number(
        /total_commands_processed:(\d+)/.exec(await server.command('info', 'stats'))[1]
      )
      for (;;) {
        const stats = await server.command('info', 'stats')
        if (Number(/total_commands_processed:(\d+)/.exec(stats)[1]) > before + 2_000) break
      }
      await restart()
      const { code, stderr, stdout } = await ended
      assert.equal(code, 0, stderr)
      if (name === 'export') {
        assert.equal(
          fs.readFileSync(folder.file('out.ndjson'), 'utf8').split('\n').length,
          PAIRS + 2
        )
      }
      if (name === 'count') assert.deepEqual(JSON.parse(stdout), { pairs: PAIRS })
      if (name === 'a copy') {
        assert.equal(await server.command('dbsize'), 4 * PAIRS)
      }
    })
  }
})

describe('no server', () => {
  const server = useServer()
  beforeEach(() => server.command('flushall'))

  test('at all: exit code 3 after --timeout, with the reason', async () => {
    for (const args of [
      ['count'],
      ['get', '--integration', 'i', '--ext-id', '1'],
      ['import', '-', '--no-check']
    ]) {
      const { code, stderr } = await run(
        [...args, '--url', 'redis://127.0.0.1:1', '--timeout', '1'],
        {
          input: ndjson('i', 1, 1)
        }
      )
      assert.equal(code, 3, stderr)
      assert.match(stderr, /nothing was done for 1 s: .*127\.0\.0\.1:1/)
    }
  })

  test('any more: an import says how far it came', async () => {
    const input = Array.from({ length: 50_000 }, (_, n) => ndjson('i', ...pair(n))).join('')
    const file = folder.write('gone.ndjson', input)
    const args = [
      'import',
      file,
      '--no-check',
      '--url',
      server.url,
      '--timeout',
      '2',
      '--rate',
      '10000'
    ]
    const { ended } = watched(args)
    while ((await server.command('dbsize')) < 10_000) await new Promise(setImmediate)
    await server.kill()
    const { code, stderr } = await ended
    await server.restart()
    assert.equal(code, 3)
    assert.match(stderr, /nothing was done for 2 s/)
    assert.match(stderr, /[\d,]{5,} pairs were imported/)
  })

  test('answers any more: an export leaves no file', async () => {
    await server.command('mset', ...Array.from({ length: 200 }, (_, n) => [`i:b:${n}`, 'x']).flat())
    process.kill(server.pid, 'SIGSTOP')
    try {
      const { code } = await run([
        'export',
        folder.file('none.ndjson'),
        '--url',
        server.url,
        '--timeout',
        '2'
      ])
      assert.equal(code, 3)
      assert.deepEqual(
        fs.readdirSync(folder.path).filter((name) => name.startsWith('none')),
        []
      )
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
  })

  test('silent input ends an import too', async () => {
    const child = start(['import', '-', '--no-check', '--url', server.url, '--timeout', '1'])
    child.stdin.write(ndjson('i', 1, 1))
    const chunks = []
    child.stderr.on('data', (bytes) => chunks.push(bytes))
    const code = await new Promise((resolve) => child.once('close', resolve))
    assert.equal(code, 3)
    assert.match(Buffer.concat(chunks).toString(), /waited for the standard input/)
  })
})

describe('a failover', () => {
  const sentinels = useSentinels()

  test('in the middle of an import', async () => {
    const [first] = sentinels.ports
    const url = `redis-sentinel://127.0.0.1:${first}?sentinelServiceName=${sentinels.name}`
    const input = Array.from({ length: 40_000 }, (_, n) => ndjson('i', ...pair(n))).join('')
    const file = folder.write('failover.ndjson', input)
    const { ended } = watched(['import', file, '--no-check', '--url', url, '--rate', '20000'])
    const [master, replica] = sentinels.nodes
    while ((await master.command('dbsize')) < 20_000) await new Promise(setImmediate)
    await master.kill()
    const { code, stderr, stdout } = await ended
    assert.equal(code, 0, stderr)
    assert.match(stdout, /40,000/)
    // What the old master had answered and not passed on is lost with it.
    assert.ok((await replica.command('dbsize')) > 70_000)
  })
})
