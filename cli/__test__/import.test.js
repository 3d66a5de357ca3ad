/** How pairs are saved: conflicts, dry runs, proof, pace. */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { randomFrom } = require('../../__test__/support/random')
const { contents, useServer } = require('../../__test__/support/redis')
const { measured } = require('./measured')
const { ndjson, run, useFolder } = require('./support')

const server = useServer()
const folder = useFolder()

const importText = async (input, ...options) => {
  const args = ['import', '-', '--no-check', '--json', ...options]
  const ended = await run(args, { input, env: { KEY_STORE_URL: server.url }, cwd: folder.path })
  return { ...ended, summary: ended.stdout ? JSON.parse(ended.stdout) : undefined }
}

beforeEach(async () => {
  await server.command('flushall')
  await server.command('mset', 'i:b:1', 'x', 'i:e:x', '1')
})

describe('--on-conflict', () => {
  /** The pair that is there; one whose botmatic id is taken, one whose external id is; a new one, twice. */
  const INPUT =
    ndjson('i', 1, 'x') +
    ndjson('i', 1, 'y') +
    ndjson('i', 2, 'x') +
    ndjson('i', 3, 'z') +
    ndjson('i', 3, 'zz')
  const KEPT = { 'i:b:1': 'x', 'i:b:3': 'z', 'i:e:x': '1', 'i:e:z': '3' }

  test('fail: rejected, and nothing is overwritten', async () => {
    const { code, stderr, summary } = await importText(
      INPUT,
      '--on-conflict',
      'fail',
      '--rejects',
      'r.ndjson'
    )
    assert.equal(code, 1)
    assert.match(stderr, /line 2: its botmaticId has another extId/)
    assert.match(stderr, /line 3: its extId has another botmaticId/)
    assert.match(stderr, /line 5/)
    assert.deepEqual([summary.saved, summary.rejected, summary.conflicts], [2, 3, 3])
    assert.deepEqual(await contents(server.command), KEPT)
    const rejects = ndjson('i', '1', 'y') + ndjson('i', '2', 'x') + ndjson('i', '3', 'zz')
    assert.equal(folder.read('r.ndjson'), rejects)
  })

  test('skip: left alone, and no error', async () => {
    const { code, summary } = await importText(INPUT, '--on-conflict', 'skip')
    assert.deepEqual([code, summary.saved, summary.skipped, summary.rejected], [0, 2, 3, 0])
    assert.deepEqual(await contents(server.command), KEPT)
  })

  test('replace: as saves do, the last one stays', async () => {
    const { code, summary } = await importText(INPUT, '--on-conflict', 'replace')
    assert.deepEqual([code, summary.saved], [0, 5])
    const {
      'i:b:1': one,
      'i:b:2': two,
      'i:b:3': three,
      'i:e:x': x
    } = await contents(server.command)
    assert.deepEqual([one, two, three, x], ['y', 'x', 'zz', '2'])
  })

  test('two botmatic ids on one external id that are there are no conflict', async () => {
    await server.command('set', 'i:b:2', 'x')
    const before = await contents(server.command)
    const { code, summary } = await importText(
      ndjson('i', 2, 'x') + ndjson('i', 1, 'x'),
      '--on-conflict',
      'fail'
    )
    assert.deepEqual([code, summary.saved], [0, 2])
    assert.deepEqual(await contents(server.command), before)
  })
})

test('--dry-run writes nothing and says what would be', async () => {
  const input = ndjson('i', 1, 'y') + ndjson('i', 2, 'z')
  const before = await contents(server.command)
  for (const [policy, saved, conflicts, rejected] of [
    ['replace', 2, 1, 0],
    ['skip', 1, 1, 0],
    ['fail', 1, 1, 1]
  ]) {
    const { summary } = await importText(input, '--dry-run', '--on-conflict', policy)
    assert.deepEqual(
      [summary.saved, summary.conflicts, summary.rejected],
      [saved, conflicts, rejected]
    )
  }
  assert.deepEqual(await contents(server.command), before)
})

test('--dry-run comes to what a real run comes to, whatever the batches are', async () => {
  const { next } = randomFrom(Number(process.env.SEED ?? 1))
  const below = (n) => Math.floor(next() * n)
  const pair = () => ndjson(['i', 'j'][below(2)], below(40), `e${below(40)}`)
  const lines = (count) => Array.from({ length: count }, pair).join('')
  for (const policy of ['fail', 'skip']) {
    await server.command('flushall')
    await importText(lines(20))
    const input = `${lines(100)}no pair\n`
    const options = ['--on-conflict', policy, '--batch', `${1 + below(20)}`]
    const dry = await importText(input, '--dry-run', ...options)
    const real = await importText(input, ...options)
    assert.ok(real.summary.conflicts > 10)
    delete dry.summary.seconds
    delete real.summary.seconds
    assert.deepEqual(dry, { ...real, stdout: dry.stdout })
  }
  const input = lines(100)
  const dry = (...options) => importText(input, '--dry-run', ...options)
  const [one, other] = [await dry('--batch', '7'), await dry()]
  assert.ok(one.summary.conflicts > 10)
  assert.equal(one.summary.conflicts, other.summary.conflicts)
  const replaced = await importText(input)
  assert.ok(!('conflicts' in replaced.summary), 'nothing was compared')
})

test('an integration that the file does not have is told', async () => {
  const input = ndjson('i', 2, 'y') + ndjson('long-secret', 3, 'z')
  const args = ['--integration', 'i', '--integration', 'long-name']
  const { code, stderr, summary } = await importText(input, ...args)
  assert.deepEqual([code, summary.saved], [1, 1])
  assert.match(
    stderr,
    /^key-store: the standard input has no pair of integration "long…", only of others\n$/
  )
  assert.equal((await importText('', ...args)).code, 0)
})

test('--verify looks up what was saved; a later line goes before an earlier one', async () => {
  const { code, summary } = await importText(ndjson('i', 5, 'a') + ndjson('i', 5, 'b'), '--verify')
  assert.deepEqual([code, summary.unverified], [0, 0])
})

test('a key that holds something else ends an import that compares', async () => {
  await server.command('rpush', 'i:e:list', 'x')
  // MSET writes over a list; what another type answers comes by a lookup.
  const { code, stderr, summary } = await importText(
    ndjson('i', 8, 'list') + ndjson('i', 9, 'q'),
    '--on-conflict',
    'fail'
  )
  assert.equal(code, 3, JSON.stringify(summary))
  assert.match(stderr, /WRONGTYPE|something else/)
})

test('--rate holds', async () => {
  const input = Array.from({ length: 600 }, (_, n) => ndjson('i', n, `e${n}`)).join('')
  const { summary } = await importText(input, '--rate', '500')
  assert.equal(summary.saved, 600)
  assert.ok(summary.seconds > 0.9, `${summary.seconds} s`)
})

test('a server that takes no writes ends it, with the reason', async (t) => {
  await server.command('config', 'set', 'maxmemory', '1')
  t.after(() => server.command('config', 'set', 'maxmemory', '0'))
  const { code, stderr } = await importText(ndjson('i', 8, 'a'))
  assert.equal(code, 3)
  assert.match(stderr, /memory/)
  assert.match(stderr, /Run the same command again/)
})

test('of very long ids, few are on their way at once', async () => {
  const long = (n, letter) => `${n}${letter.repeat(20_000)}`
  const lines = Array.from({ length: 3_000 }, (_, n) => ndjson('i', long(n, 'b'), long(n, 'e')))
  const file = folder.write('long.ndjson', lines.join(''))
  const args = ['import', file, '--no-check', '--json', '--url', server.url]
  const { code, stdout, stderr, most } = await measured(folder, args)
  assert.equal(code, 0, stderr)
  assert.equal(JSON.parse(stdout).saved, 3_000)
  assert.ok(most < 150, `${most} MB`)
})
