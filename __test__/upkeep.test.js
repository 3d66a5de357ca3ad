/** The file of a store: made smaller, and copied, while the store is in use. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { useBackends, useFolder } = require('./support/backends')
const { open } = require('./support/open')

const folder = useFolder()
const backends = useBackends()
let names = 0
const fresh = () => path.join(folder.path, `${names++}.redb`)
const pairsOf = (count) => Array.from({ length: count }, (_, n) => [`${n}`, `x${n}`])

const contents = async (store) => {
  const pairs = []
  for await (const pair of store.pairs('i')) pairs.push(pair)
  return pairs.sort(([a], [b]) => a - b)
}

describe('backup', () => {
  test('has what was called before it, and nothing that was called after', async (t) => {
    const [file, copy] = [fresh(), fresh()]
    const store = open(t, `file:${file}`, { strict: true })
    const pairs = pairsOf(5_000)
    store.saveAllIds('i', pairs)
    const copied = store.backup(copy)
    store.saveIds('i', 'later', 'y')
    await copied
    assert.equal(await store.getExtId('i', 'later'), 'y')
    assert.ok(!fs.existsSync(`${copy}-log`))
    assert.deepEqual(await contents(open(t, `file:${copy}`, { strict: true })), pairs)
  })

  test('overwrites nothing, and the store goes on', async (t) => {
    const store = open(t, `file:${fresh()}`, { strict: true })
    await store.saveIds('i', 1, 'x')
    const copy = fresh()
    fs.writeFileSync(copy, 'of another program')
    for (const target of [copy, path.join(folder.path, 'missing', 'copy.redb')]) {
      await assert.rejects(store.backup(target), (error) => {
        assert.deepEqual([error.code, error.message.includes(target)], ['STORAGE', true])
        // It is of no integration.
        assert.match(error.message, /^backup failed: /)
        return true
      })
    }
    assert.equal(fs.readFileSync(copy, 'utf8'), 'of another program')
    assert.equal(await store.saveIds('i', 2, 'y'), true)
    assert.deepEqual(await contents(store), [
      ['1', 'x'],
      ['2', 'y']
    ])
  })
})

test('compact gives the room of deleted pairs back, and the store goes on', async (t) => {
  const file = fresh()
  const first = open(t, `file:${file}`, { strict: true })
  await first.saveAllIds('gone', pairsOf(50_000))
  await first.saveAllIds('i', pairsOf(100))
  // All of it moves from the log to the file.
  await first.quit()
  const store = open(t, `file:${file}`, { strict: true })
  await store.deleteAllIds('gone')
  const saved = store.saveIds('i', 100, 'x100')
  const before = fs.statSync(file).size
  await store.compact()
  const after = fs.statSync(file).size
  assert.ok(after < before / 4, `${before} to ${after} bytes`)
  await saved
  assert.equal(await store.saveIds('i', 101, 'x101'), true)
  assert.deepEqual(await contents(store), pairsOf(102))
  assert.equal(await store.countIds('gone'), 0)
  await store.quit()
  assert.deepEqual(await contents(open(t, `file:${file}`, { strict: true })), pairsOf(102))
})

for (const { name, url } of backends.filter((backend) => backend.name !== 'a file')) {
  test(`${name} has no file`, async (t) => {
    const store = createKeyStore(await url())
    t.after(() => store.quit())
    for (const call of [store.compact(), store.backup(fresh())]) {
      await assert.rejects(call, /for the store of a file only/)
    }
  })
}

test('a backup wants the path of a file', async (t) => {
  const store = open(t, 'memory:')
  for (const [to, what] of [
    [undefined, 'undefined'],
    [7, 'a number'],
    [new URL('file:///copy'), 'an object']
  ]) {
    await assert.rejects(store.backup(to), new RegExp(`takes the path of a file, not ${what}`))
  }
})
