/** An embedded file: made smaller, and copied. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { test } = require('node:test')
const { ndjson, run, useFolder } = require('./support')

const folder = useFolder()
const at = (name) => ['--url', `file:${folder.file(name)}`]

const save = (integrationId, count, name) => {
  const input = Array.from({ length: count }, (_, n) => ndjson(integrationId, n, `e${n}`)).join('')
  return run(['import', '-', '--no-check', ...at(name)], { input })
}

test('compact gives the room of deleted pairs back', async () => {
  await save('gone', 30_000, 'ids.redb')
  await save('i', 10, 'ids.redb')
  await run(['delete', '--integration', 'gone', '--all', '--yes', ...at('ids.redb')])
  const before = fs.statSync(folder.file('ids.redb')).size
  const { code, stdout } = await run(['compact', '--json', ...at('ids.redb')])
  assert.deepEqual([code, JSON.parse(stdout)], [0, { compacted: true }])
  const after = fs.statSync(folder.file('ids.redb')).size
  assert.ok(after < before / 4, `${before} to ${after} bytes`)
  const counted = await run(['count', '--json', ...at('ids.redb')])
  assert.deepEqual(JSON.parse(counted.stdout), { pairs: 10 })
})

test('backup makes a copy that is the same, and overwrites nothing', async () => {
  await save('i', 1_000, 'from.redb')
  const copy = folder.file('copy.redb')
  const copied = await run(['backup', copy, ...at('from.redb')])
  assert.equal(copied.code, 0, copied.stderr)
  const addresses = ['from.redb', 'copy.redb'].map((name) => `file:${folder.file(name)}`)
  assert.equal((await run(['verify', ...addresses])).code, 0)
  const before = fs.readFileSync(copy)
  const again = await run(['backup', copy, ...at('from.redb')])
  assert.deepEqual(
    [again.code, again.stderr],
    [2, `key-store: ${copy} is there already; name another\n`]
  )
  assert.deepEqual(fs.readFileSync(copy), before)
  const nowhere = await run(['backup', folder.file('missing/copy.redb'), ...at('from.redb')])
  assert.deepEqual([nowhere.code, /cannot be written/.test(nowhere.stderr)], [2, true])
})
