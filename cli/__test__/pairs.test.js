/** One pair, and what there is: get, set, delete, integrations, count, list. */

const assert = require('node:assert/strict')
const { beforeEach, describe, test } = require('node:test')
const { contents, useServer } = require('../../__test__/support/redis')
const { run } = require('./support')

const server = useServer()
const SECRET = 'secret-token'
const OURS = ['--integration', SECRET]

const keyStore = (...args) => run(args, { env: { KEY_STORE_URL: server.url } })

beforeEach(() => server.command('flushall'))

test('a pair is set, found by either id, and deleted', async () => {
  assert.equal((await keyStore('set', ...OURS, '123', 'crm-7')).code, 0)
  assert.deepEqual(await contents(server.command), {
    [`${SECRET}:b:123`]: 'crm-7',
    [`${SECRET}:e:crm-7`]: '123'
  })
  const byBotmatic = await keyStore('get', ...OURS, '--botmatic-id', '123')
  assert.deepEqual([byBotmatic.code, byBotmatic.stdout], [0, 'crm-7\n'])
  const byExt = await keyStore('get', ...OURS, '--ext-id', 'crm-7', '--json')
  assert.deepEqual([byExt.code, byExt.stdout], [0, '{"botmaticId":"123"}\n'])
  const deleted = await keyStore('delete', ...OURS, '--ext-id', 'crm-7', '--yes')
  assert.deepEqual([deleted.code, deleted.stdout], [0, 'deleted\n'])
  assert.deepEqual(await contents(server.command), {})
})

test('with both ids exactly that pair is deleted, and no half of others', async () => {
  await keyStore('set', ...OURS, '1', 'a')
  await keyStore('set', ...OURS, '2', 'b')
  const before = await contents(server.command)
  for (const [botmaticId, extId] of [
    ['1', 'b'],
    ['1', 'none'],
    ['none', 'a']
  ]) {
    const which = ['--botmatic-id', botmaticId, '--ext-id', extId]
    const { code, stdout } = await keyStore('delete', ...OURS, ...which, '--yes')
    assert.deepEqual([code, stdout], [1, 'there is no such pair\n'])
    assert.deepEqual(await contents(server.command), before)
  }
  const which = ['--botmatic-id', '1', '--ext-id', 'a']
  assert.equal((await keyStore('delete', ...OURS, ...which, '--yes')).code, 0)
  assert.deepEqual(Object.keys(await contents(server.command)).length, 2)
})

test('what is not there is told by the exit code', async () => {
  const got = await keyStore('get', ...OURS, '--botmatic-id', '1')
  assert.deepEqual([got.code, got.stdout], [1, ''])
  assert.match(got.stderr, /no such pair/)
  const deleted = await keyStore('delete', ...OURS, '--botmatic-id', '1', '--yes')
  assert.equal(deleted.code, 1)
})

test('nothing is deleted without --yes where there is nobody to ask', async () => {
  await keyStore('set', ...OURS, '1', 'x')
  for (const which of [['--all'], ['--botmatic-id', '1']]) {
    const refused = await keyStore('delete', ...OURS, ...which)
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /--yes/)
  }
  assert.equal(Object.keys(await contents(server.command)).length, 2)
})

test('an integration is deleted whole, and no other', async () => {
  await keyStore('set', ...OURS, '1', 'x')
  await keyStore('set', '--integration', 'other', '1', 'x')
  assert.equal((await keyStore('delete', ...OURS, '--all', '--yes')).code, 0)
  assert.deepEqual(Object.keys(await contents(server.command)), ['other:b:1', 'other:e:x'])
})

describe('what there is', () => {
  beforeEach(async () => {
    await server.command(
      'mset',
      `${SECRET}:b:1`,
      'x',
      `${SECRET}:e:x`,
      '1',
      'b:b:2',
      'y',
      'b:e:y',
      '2'
    )
  })

  test('integration ids are masked, unless they are asked for', async () => {
    for (const command of ['integrations', 'list']) {
      const masked = await keyStore(command)
      assert.equal(masked.code, 0)
      assert.ok(!`${masked.stdout}${masked.stderr}`.includes(SECRET))
      assert.match(masked.stdout, /secr…/)
      assert.ok((await keyStore(command, '--show-ids')).stdout.includes(SECRET))
    }
  })

  test('counts are of one integration, or of all', async () => {
    assert.equal((await keyStore('count')).stdout, '2\n')
    assert.equal((await keyStore('count', '--all', '--json')).stdout, '{"pairs":2}\n')
    assert.equal((await keyStore('count', ...OURS)).stdout, '1\n')
    assert.equal((await keyStore('count', ...OURS, '--integration', 'b')).stdout, '2\n')
    const { stdout } = await keyStore('integrations', '--json', '--show-ids')
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(lines, [
      { integrationId: 'b', pairs: 1 },
      { integrationId: SECRET, pairs: 1 }
    ])
  })

  test('a list has a pair a line, and moves no cursor', async () => {
    await server.command('mset', 'b:b:\u001b[2J', 'z\n', 'b:e:z\n', '\u001b[2J')
    const { stdout } = await keyStore('list', '--integration', 'b')
    assert.deepEqual(stdout.trim().split('\n').sort(), ['b\t2\ty', 'b\t\\u001b[2J\tz\\u000a'])
    assert.equal((await keyStore('list', '--limit', '1')).stdout.trim().split('\n').length, 1)
  })

  test('a reader that leaves ends it', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => [`c:b:${n}`, `e${n}`]).flat()
    await server.command('mset', ...many)
    const { spawnSync } = require('node:child_process')
    const { PROGRAM } = require('./support')
    const text = `${process.execPath} ${PROGRAM} list --url ${server.url} | head -1`
    const { status, stderr } = spawnSync('bash', ['-c', text], { encoding: 'utf8' })
    assert.deepEqual([status, /fault/.test(stderr)], [0, false])
  })
})
