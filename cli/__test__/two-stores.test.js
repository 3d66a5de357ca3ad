/** Two stores: copied, and compared. One store: its halves. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { beforeEach, describe, test } = require('node:test')
const { contents, useServer } = require('../../__test__/support/redis')
const { ndjson, run, useFolder } = require('./support')

const server = useServer()
const other = useServer()
const folder = useFolder()

beforeEach(async () => {
  await Promise.all([server.command('flushall'), other.command('flushall')])
  const input = ndjson('a', 1, 'x') + ndjson('a', 2, 'y') + ndjson('b', 1, 'x')
  await run(['import', '-', '--no-check', '--url', server.url], { input })
})

const compare = (...options) => run(['verify', server.url, other.url, ...options])

test('a copy is the same, by either comparison', async () => {
  const { code, stdout } = await run(['copy', server.url, other.url, '--verify', '--json'])
  assert.deepEqual([code, JSON.parse(stdout).saved], [0, 3])
  assert.deepEqual(await contents(other.command), await contents(server.command))
  assert.equal((await compare()).code, 0)
  assert.match((await compare('--quick')).stdout, /as many pairs in both; whether/)
})

test('integrations are chosen, and prefixes differ', async () => {
  const args = ['copy', server.url, other.url, '--integration', 'b', '--to-key-prefix', 'live:']
  assert.equal((await run(args)).code, 0)
  assert.deepEqual(await contents(other.command), { 'live:b:b:1': 'x', 'live:b:e:x': '1' })
  const options = ['--integration', 'b', '--to-key-prefix', 'live:']
  assert.equal((await compare(...options)).code, 0)
  assert.equal((await compare()).code, 1)
})

test('conflicts are as in an import', async () => {
  await other.command('mset', 'a:b:1', 'other', 'a:e:other', '1')
  const args = [
    'copy',
    server.url,
    other.url,
    '--on-conflict',
    'fail',
    '--rejects',
    folder.file('rejects')
  ]
  const { code, stderr } = await run(args)
  assert.deepEqual([code, /another extId/.test(stderr)], [1, true])
  assert.equal(folder.read('rejects'), ndjson('a', '1', 'x'))
  assert.equal(await other.command('get', 'a:b:1'), 'other')
})

test('a store is not copied onto itself, by any spelling of a file', async () => {
  const file = `file:${folder.file('one.redb')}`
  await run(['copy', server.url, file])
  for (const [from, to] of [
    [server.url, server.url],
    [file, `file:${path.relative(process.cwd(), folder.file('one.redb'))}`]
  ]) {
    const { code, stderr } = await run(['copy', from, to])
    assert.deepEqual([code, /are one store/.test(stderr)], [2, true], stderr)
  }
})

test('under another prefix of the same database, what is written is not read again', async () => {
  const before = await contents(server.command)
  const file = `file:${folder.file('two.redb')}`
  await run(['copy', server.url, file])
  const twin = server.url.replace('127.0.0.1', 'localhost')
  for (const [from, to] of [
    [server.url, server.url],
    [server.url, twin],
    [file, file]
  ]) {
    for (const options of [
      ['--from-key-prefix', '', '--to-key-prefix', 'p:'],
      // What is within the other prefix is an integration of this one.
      ['--from-key-prefix', 'p:', '--to-key-prefix', 'p:p:']
    ]) {
      const { code, stdout, stderr } = await run(['copy', from, to, ...options, '--json'])
      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(JSON.parse(stdout).saved, 3)
    }
    const copies = Object.entries(before).flatMap(([key, value]) => [
      [key, value],
      [`p:${key}`, value],
      [`p:p:${key}`, value]
    ])
    if (from !== file) assert.deepEqual(await contents(server.command), Object.fromEntries(copies))
    const count = await run(['count', '--url', from])
    assert.equal(count.stdout, '9\n')
    await server.command('flushall')
    for (const [key, value] of Object.entries(before)) await server.command('set', key, value)
  }
})

test('keys that hold no text are told of, and left out', async () => {
  await server.command('rpush', 'a:b:list', 'x')
  for (const args of [
    ['copy', server.url, other.url],
    ['verify', server.url, other.url],
    ['verify', '--url', server.url],
    ['export', folder.file('some.ndjson'), '--url', server.url]
  ]) {
    const { code, stderr } = await run(args)
    assert.equal(code, 0)
    assert.match(stderr, /keys that hold no text were left out/)
  }
})

describe('what differs is told', () => {
  beforeEach(() => run(['copy', server.url, other.url]))

  const differs = async (options, ...messages) => {
    const { code, stderr } = await compare(...options)
    assert.equal(code, 1)
    for (const message of messages) assert.match(stderr, message)
  }

  test('a pair that is missing, here or there', async () => {
    await other.command('del', 'a:b:2', 'a:e:y')
    await differs([], /^a\tbotmatic id 2 has y in .*, nothing in/m)
    await differs(['--quick'], /^a\t2 pairs in .*, 1 in/m)
    await server.command('del', 'a:b:1', 'a:e:x')
    // As many in both, and others: a count does not see it.
    assert.equal((await compare('--quick')).code, 0)
    await differs([], /botmatic id 1 has nothing in .*, x in/)
  })

  test('a half that is another one', async () => {
    await other.command('set', 'a:e:x', '9')
    await differs([], /external id x has 1 in .*, 9 in/)
    await other.command('set', 'a:e:x', '1')
    await other.command('set', 'a:b:1', 'z')
    await differs([], /botmatic id 1 has x in .*, z in/)
  })

  test('in JSON, with integration ids masked', async () => {
    await server.command('mset', 'secret:b:1', 'x', 'secret:e:x', '1')
    const { stdout, stderr } = await compare('--json')
    const { differences, findings } = JSON.parse(stdout)
    assert.deepEqual([differences, findings[0].integrationId], [1, 'secr…'])
    assert.ok(!`${stdout}${stderr}`.includes('secret'))
  })
})

describe('one store', () => {
  const verify = (...options) => run(['verify', '--url', server.url, ...options])

  test('is whole', async () => {
    const { code, stdout } = await verify('--json')
    assert.equal(code, 0)
    const { pairs, missing, disagreeing } = JSON.parse(stdout)
    assert.deepEqual([pairs, missing, disagreeing], [3, 0, 0])
  })

  test('lacks a half, which is repaired when it is asked for', async () => {
    await server.command('del', 'a:e:y')
    const found = await verify()
    assert.equal(found.code, 1)
    assert.match(found.stderr, /botmatic id 2 has external id y, which has nothing/)
    assert.equal((await verify('--repair')).code, 2)
    assert.equal(await server.command('get', 'a:e:y'), null)
    assert.equal((await verify('--repair', '--yes')).code, 0)
    assert.equal(await server.command('get', 'a:e:y'), '2')
    assert.equal((await verify()).code, 0)
  })

  test('has halves that disagree, which nobody can repair', async () => {
    await server.command('set', 'a:e:old', '1')
    const { code, stderr } = await verify('--repair', '--yes')
    assert.equal(code, 1)
    assert.match(stderr, /external id old has botmatic id 1, which has x/)
    assert.equal(await server.command('get', 'a:e:old'), '1')
  })
})
