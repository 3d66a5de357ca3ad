/** An import that is killed at any point and taken up again comes to what one in one go does. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { beforeEach, test } = require('node:test')
const { randomFrom } = require('../../__test__/support/random')
const { contents, useServer } = require('../../__test__/support/redis')
const { collect, ndjson, run, start, useFolder } = require('./support')

const server = useServer()
const folder = useFolder()
const env = () => ({ KEY_STORE_URL: server.url })
const PAIRS = 120_000

beforeEach(() => server.command('flushall'))

/** Pairs with lines among them that are none, and ids that come again. */
const text = (line) => {
  const { next } = randomFrom(Number(process.env.SEED ?? 1))
  const lines = []
  for (let n = 0; n < PAIRS; n++) {
    const id = Math.floor(next() * PAIRS)
    lines.push(
      n % 1_000 === 500 ? 'no pair\n' : line('i', `${id}`, `e${Math.floor(next() * PAIRS)}`)
    )
  }
  return lines.join('')
}

/** How many keys there are. */
const size = () => server.command('dbsize')

/** Resolves once so many keys are there, or the process has ended. */
const reaches = async (count, child) => {
  while (child.exitCode === null && child.signalCode === null && (await size()) < count) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

for (const [name, input, options] of [
  ['NDJSON', () => text(ndjson), []],
  [
    'CSV',
    () => `integrationId,botmaticId,extId\n${text((i, b, e) => `${i},"${b}\n",${e}\n`)}`,
    ['--format', 'csv']
  ]
]) {
  test(`${name}: killed at random points, and resumed`, async () => {
    const file = folder.write(`pairs-${name}`, input())
    const args = ['import', file, '--no-check', '--json', ...options]
    const once = await run([...args, '--rejects', folder.file('once')], { env: env() })
    assert.equal(once.code, 1)
    const whole = JSON.parse(once.stdout)
    const expected = await contents(server.command)
    const keys = await size()
    await server.command('flushall')

    const resumable = [
      ...args,
      '--rate',
      '60000',
      '--resume',
      folder.file('resume'),
      '--rejects',
      folder.file('resumed')
    ]
    const { next } = randomFrom(Number(process.env.SEED ?? 1))
    let kills = 0
    for (let at = 0.1; at < 0.9; at += 0.1 + next() * 0.2) {
      const child = start(resumable, { env: env() })
      const ended = collect(child)
      await reaches(at * keys, child)
      child.kill('SIGKILL')
      if ((await ended).signal === 'SIGKILL') kills++
    }
    assert.ok(kills >= 2, `${kills} kills`)
    assert.ok(fs.existsSync(folder.file('resume')))
    const last = await run(resumable, { env: env() })
    assert.match(last.stderr, /goes on after [\d,]+ pairs/)
    assert.equal(last.code, 1)
    const { seconds, ...counts } = JSON.parse(last.stdout)
    delete whole.seconds
    assert.deepEqual(counts, whole)
    assert.deepEqual(await contents(server.command), expected)
    assert.equal(folder.read('resumed'), folder.read('once'))
    assert.ok(!fs.existsSync(folder.file('resume')))
  })
}

test('a signal ends it in order, and says how to go on', async () => {
  const file = folder.write('pairs.ndjson', text(ndjson))
  const args = ['import', file, '--no-check', '--resume', folder.file('signal'), '--rate', '20000']
  const child = start(args, { env: env() })
  const ended = collect(child)
  await reaches(10_000, child)
  child.kill('SIGTERM')
  const { code, stderr } = await ended
  assert.equal(code, 3)
  assert.match(stderr, /SIGTERM.*pairs were imported.*run the same command again/)
  const { counts } = JSON.parse(folder.read('signal'))
  const [, far] = /([\d,]+) pairs were imported/.exec(stderr)
  assert.ok(counts.saved <= Number(far.replaceAll(',', '')))
  assert.ok(counts.saved > 0)
})

test('a resume file is of one file and one store', async () => {
  const file = folder.write('pairs.ndjson', text(ndjson))
  const resume = folder.file('mismatch')
  const args = ['--no-check', '--resume', resume]
  const child = start(['import', file, ...args, '--rate', '20000'], { env: env() })
  const ended = collect(child)
  await reaches(20_000, child)
  child.kill('SIGINT')
  await ended
  const other = await run(['import', file, ...args], { env: { KEY_STORE_URL: `${server.url}/1` } })
  assert.deepEqual([other.code, /another import/.test(other.stderr)], [2, true])
  folder.write('pairs.ndjson', `${ndjson('j', 1, 1)}${text(ndjson)}`)
  const changed = await run(['import', file, ...args], { env: env() })
  assert.deepEqual([changed.code, /begins otherwise/.test(changed.stderr)], [2, true])
  const nowhere = await run(['import', file, '--no-check', '--resume', '/nowhere/at/all'], {
    env: env()
  })
  assert.equal(nowhere.code, 2)
})

test('a copy is resumed as well', async (t) => {
  const input = Array.from({ length: 20_000 }, (_, n) => ndjson('i', n, `e${n}`)).join('')
  await run(['import', '-', '--no-check'], { input, env: env() })
  const [from, to] = [server.url, `${server.url}/1`]
  t.after(() => server.command('select', 0))
  const args = ['copy', from, to, '--rate', '10000', '--resume', folder.file('copy')]
  const child = start(args)
  const ended = collect(child)
  await server.command('select', 1)
  await reaches(8_000, child)
  child.kill('SIGKILL')
  await ended
  await server.command('select', 0)
  assert.equal((await run(args)).code, 0)
  assert.equal((await run(['verify', from, to])).code, 0)
  assert.deepEqual(
    fs.readdirSync(folder.path).filter((name) => name.startsWith('copy')),
    []
  )
})
