/** A server that is not there, or does not come back, is told of after `--timeout`; a slow one is not. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { beforeEach, test } = require('node:test')
const { startProxy } = require('../../__test__/support/proxy')
const { useServer } = require('../../__test__/support/redis')
const { collect, ndjson, run, start, useFolder } = require('./support')

const server = useServer()
const folder = useFolder()
const within = (seconds) => ['--url', server.url, '--timeout', seconds]

beforeEach(() => server.command('flushall'))

for (const args of [
  ['count'],
  ['get', '--integration', 'i', '--ext-id', '1'],
  ['set', '--integration', 'i', '1', 'x'],
  ['delete', '--integration', 'i', '--all', '--yes'],
  ['import', '-', '--no-check']
]) {
  test(`at all, ${args[0]}: exit code 3 after --timeout, with the reason`, async () => {
    const { code, stderr } = await run(
      [...args, '--url', 'redis://127.0.0.1:1', '--timeout', '1'],
      { input: ndjson('i', 1, 1) }
    )
    assert.equal(code, 3, stderr)
    assert.match(stderr, /nothing was done for 1 s: .*127\.0\.0\.1:1/)
  })
}

test('any more: an import says how far it came', async () => {
  const input = Array.from({ length: 50_000 }, (_, n) => ndjson('i', n, `ext-${n}`)).join('')
  const file = folder.write('gone.ndjson', input)
  const ended = run(['import', file, '--no-check', '--rate', '10000', ...within('2')])
  while ((await server.command('dbsize')) < 10_000) await new Promise(setImmediate)
  await server.kill()
  const { code, stderr } = await ended
  await server.restart()
  assert.equal(code, 3)
  assert.match(stderr, /nothing was done for 2 s/)
  assert.match(stderr, /[\d,]{5,} pairs were imported/)
})

test('that answers: it is named, and an export leaves no file', async () => {
  await server.command('mset', ...Array.from({ length: 200 }, (_, n) => [`i:b:${n}`, 'x']).flat())
  process.kill(server.pid, 'SIGSTOP')
  try {
    const { stderr } = await run(['get', '--integration', 'i', '--ext-id', 'x', ...within('1')])
    assert.match(stderr, /it waited for redis:\/\/127\.0\.0\.1/)
    const { code } = await run(['export', folder.file('none.ndjson'), ...within('2')])
    assert.equal(code, 3)
    const left = fs.readdirSync(folder.path).filter((name) => name.startsWith('none'))
    assert.deepEqual(left, [])
  } finally {
    process.kill(server.pid, 'SIGCONT')
  }
})

test('but input that does not come: an import ends too', async () => {
  const child = start(['import', '-', '--no-check', ...within('1')])
  // It is not ended.
  child.stdin.write(ndjson('i', 1, 1))
  child.stdin.end = () => {}
  const { code, stderr } = await collect(child)
  assert.equal(code, 3)
  assert.match(stderr, /waited for the standard input/)
})

test('but a slow one: a delete goes on for longer than --timeout', async (t) => {
  const halves = Array.from({ length: 10_000 }, (_, n) => [`i:b:${n}`, `x${n}`])
  await server.command('mset', ...halves.flat())
  const proxy = await startProxy(server.port)
  t.after(proxy.stop)
  proxy.delay(300)
  const args = ['delete', '--integration', 'i', '--all', '--yes', '--url', proxy.url]
  const began = performance.now()
  const { code, stderr } = await run([...args, '--timeout', '1'])
  assert.equal(code, 0, stderr)
  assert.ok(performance.now() - began > 2_000)
  assert.equal(await server.command('dbsize'), 0)
})
