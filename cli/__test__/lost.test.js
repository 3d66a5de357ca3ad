/** A server that comes back without what it had is told apart from one that has it all. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { before, beforeEach, test } = require('node:test')
const { useServer } = require('../../__test__/support/redis')
const { held, watched } = require('./held')
const { ndjson, run, useFolder } = require('./support')

/** What is not saved to the disk is lost with the process. */
const server = useServer()
const other = useServer()
const folder = useFolder()
const PAIRS = 20_000

before(() => {
  const lines = Array.from({ length: PAIRS }, (_, n) => ndjson('i', n, `e${n}`))
  folder.write('pairs.ndjson', lines.join(''))
})

beforeEach(() => Promise.all([server.command('flushall'), other.command('flushall')]))

/** How often the server was called by a command. */
const callsOf = async (name) => {
  const found = new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(
    await server.command('info', 'commandstats')
  )
  return Number(found?.[1] ?? 0)
}

const keysOf = ({ command }) => command('dbsize')

/** Fills stores, and gives what tells whether the server was called by a command so much more often since. */
const calledSince = (name, more, ...stores) => {
  let earlier
  const done = async () => (await callsOf(name)) - earlier > more
  const begin = async () => {
    for (const { url } of stores) {
      await run(['import', folder.file('pairs.ndjson'), '--no-check', '--url', url])
    }
    earlier = await callsOf(name)
  }
  return [done, begin]
}

/** Runs a command until it has done a part; kills a server and starts it again; gives how that ended. */
const throughRestart = async (args, store, done, begin = () => {}) => {
  const command = await held(args, [1, Number.POSITIVE_INFINITY], async () => {
    await begin()
    return done
  })
  const { child, said, ended } = command
  await store.kill()
  child.kill('SIGCONT')
  await said(/waiting for it/)
  await store.restart()
  return ended
}

const importing = (...options) => [
  ...['import', folder.file('pairs.ndjson'), '--no-check', '--url', server.url],
  ...['--rate', '20000', '--timeout', '60', ...options]
]

/** The first batch was answered a while ago; of the last one, all may be under way, and nothing lost. */
const imported = async () => (await keysOf(server)) > 5_000

for (const options of [[], ['--verify'], ['--on-conflict', 'skip']]) {
  test(`in the middle of an import, empty: ${options.join(' ')}`, async () => {
    const { code, stderr } = await throughRestart(importing(...options), server, imported, () =>
      server.command('flushall')
    )
    assert.equal(code, 3, stderr)
    assert.match(stderr, /came back without [\d,]+ of the last [\d,]+ pairs that were saved/)
    assert.match(stderr, /Run the same command again/)
  })
}

test('in the middle of a batch: all is there, or it is told', async () => {
  const [command, file, check, url, at] = importing()
  const { code, stderr } = await throughRestart(
    [command, file, check, url, at, '--batch', '100000', '--timeout', '60'],
    server,
    async () => (await keysOf(server)) > 1_000,
    () => server.command('flushall')
  )
  const isWhole = (await keysOf(server)) === 2 * PAIRS
  // What the server had answered is lost, unless the answer is lost as well: then it is saved again.
  assert.equal(code, isWhole ? 0 : 3, stderr)
})

test('in the middle of an import of what is there already', async () => {
  const args = importing('--on-conflict', 'fail', '--verify')
  const { code, stderr } = await throughRestart(args, server, ...calledSince('mget', 60, server))
  assert.equal(code, 3, stderr)
  assert.match(stderr, /came back without/)
})

test('a copy that can be resumed begins anew as well', async () => {
  await run(importing().slice(0, 5))
  const args = ['copy', server.url, other.url, '--resume', folder.file('copied')]
  const slowly = [...args, '--rate', '20000', '--timeout', '60']
  const { code } = await throughRestart(
    slowly,
    other,
    async () => (await keysOf(other)) > 5_000,
    () => other.command('flushall')
  )
  assert.equal(code, 3)
  assert.deepEqual(
    fs.readdirSync(folder.path).filter((name) => name.startsWith('copied')),
    []
  )
})

test('what is counted or verified by itself is what there is in the end', async () => {
  for (const [args, printed] of [
    [['count'], /^0$/m],
    [['integrations'], /^ *0 {2}pairs in all$/m],
    [['verify'], /^0 whole pairs/m]
  ]) {
    const { code, stdout, stderr } = await throughRestart(
      [...args, '--url', server.url, '--timeout', '60'],
      server,
      ...calledSince('scan', 3, server)
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, printed)
  }
})

test('a resume file is of no use then, and a new one begins anew', async () => {
  const args = importing('--resume', folder.file('resume'), '--json')
  const { code, stderr } = await throughRestart(args, server, imported, () => {
    fs.rmSync(folder.file('resume'), { force: true })
    return server.command('flushall')
  })
  assert.deepEqual([code, /begins anew/.test(stderr)], [3, true], stderr)
  assert.ok(!fs.existsSync(folder.file('resume')))
  const again = await run(args)
  assert.deepEqual([again.code, JSON.parse(again.stdout).saved], [0, PAIRS])
  assert.equal(await keysOf(server), 2 * PAIRS)
})

test('between an import and its next run', async () => {
  const args = importing('--resume', folder.file('resume'))
  const { child, ended } = watched(args)
  while (!fs.existsSync(folder.file('resume'))) await new Promise(setImmediate)
  child.kill('SIGTERM')
  assert.equal((await ended).code, 3)
  await server.command('flushall')
  const { code, stderr } = await run(args)
  assert.deepEqual([code, /came back without/.test(stderr)], [3, true], stderr)
  assert.equal((await run(args)).code, 0)
  assert.equal(await keysOf(server), 2 * PAIRS)
})

for (const [name, args] of [
  ['an export', () => ['export', folder.file('out'), '--url', server.url]],
  ['a copy', () => ['copy', server.url, other.url]],
  ['a comparison', () => ['verify', server.url, other.url]],
  ['a comparison, as the other one', () => ['verify', other.url, server.url]]
]) {
  test(`in the middle of ${name}, which reads it`, async () => {
    const { code, stderr } = await throughRestart(
      [...args(), '--timeout', '60'],
      server,
      ...calledSince('scan', 3, server, other)
    )
    assert.equal(code, 3, stderr)
    assert.match(stderr, /came back without [\d,]+ of the last [\d,]+ pairs that were found/)
    assert.ok(!fs.existsSync(folder.file('out')))
  })
}

test('with all it had, it goes on, and says so', async () => {
  const args = importing('--batch', '100')
  const command = await held(args, [1, Number.POSITIVE_INFINITY], async () => {
    await server.command('flushall')
    return imported
  })
  await server.command('save')
  await server.kill()
  command.child.kill('SIGCONT')
  await command.said(/waiting for it/)
  await server.restart()
  await command.said(/connected to .* again/)
  const { code, stdout } = await command.ended
  assert.deepEqual([code, /^imported 20,000 pairs/.test(stdout)], [0, true])
  assert.equal(await keysOf(server), 2 * PAIRS)
  await server.command('flushall')
  await server.command('save')
})

test('a reason is told once: of a login that is refused, and of a replica', async (t) => {
  await server.command('config', 'set', 'requirepass', 'pa55')
  t.after(() => server.command('config', 'set', 'requirepass', ''))
  const env = { KEY_STORE_URL: server.url, KEY_STORE_PASSWORD: 'wrong' }
  const refused = await run(['count'], { env })
  assert.equal(refused.code, 3)
  assert.deepEqual(
    refused.stderr.split('\n').map((line) => line.slice(0, 21)),
    ['key-store: 127.0.0.1:', '']
  )
  await other.command('replicaof', '127.0.0.1', '1')
  t.after(() => other.command('replicaof', 'no', 'one'))
  const args = ['set', '1', 'x', '--integration', 'i', '--url', other.url, '--timeout', '3']
  const { code, stderr } = await run(args)
  assert.deepEqual([code, stderr.match(/waiting for it/g)?.length], [3, 1], stderr)
  assert.doesNotMatch(stderr, /connected to/)
  assert.match(stderr, /nothing was done for 3 s: .*replica/)
})
