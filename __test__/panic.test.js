/** A fault of the I/O thread itself: in a debug build, a panic where the environment asks for it. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { before, test } = require('node:test')
const { ROOT, run, runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()
const addon = path.join(ROOT, 'target', 'debug', 'js-redis-key-store.node')

before(async () => {
  const json = ['--message-format', 'json-render-diagnostics']
  const built = await run('cargo', ['build', '--locked', ...json], { limit: 300_000 })
  assert.equal(built.code, 0, built.stderr)
  const artifacts = built.stdout.trim().split('\n').map(JSON.parse)
  const library = artifacts.findLast(({ target }) => target?.kind.includes('cdylib'))
  fs.copyFileSync(library.filenames[0], addon)
})

const SCRIPT = `
  const createKeyStore = require('.')
  const codes = new Set()
  const onError = ({ code }) => codes.add(code)
  const stores = [1, 2].map(() => createKeyStore(process.env.TEST_URL, { onError }))
  const calls = []
  for (let n = 0; n < 2000; n++) {
    for (const store of stores) {
      calls.push(store.saveIds('i', n, n), store.getExtId('i', n), store.deleteIds('i', n, n))
    }
  }
  for (const store of stores) calls.push(store.deleteAllIds('i'), store.saveIds('i', 1, 'x'))
  const main = async () => {
    const results = await Promise.all(calls)
    const later = stores[0].saveIds('i', 1, 'x')
    const pending = stores.map((store) => store.stats().pending)
    console.log(JSON.stringify({ results: [...new Set(results)], codes: [...codes], pending }))
    await later
    if (process.env.END === 'quit') await Promise.all(stores.map((store) => store.quit()))
    if (process.env.END === 'exit') process.exit()
  }
  main()
`

for (const place of ['send', 'complete']) {
  for (const end of ['quit', 'exit', 'by itself']) {
    test(`a panic as calls ${place}: all fail with INTERNAL; the end: ${end}`, async () => {
      const env = {
        KEY_STORE_PANIC: place,
        JS_REDIS_KEY_STORE_BINARY: addon,
        TEST_URL: server.url,
        END: end
      }
      const ended = await runScript(SCRIPT, { env })
      assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
      assert.match(ended.stderr, /panicked/)
      const { results, codes, pending } = JSON.parse(ended.stdout)
      assert.deepEqual(
        results,
        [false, null],
        'lookups resolve to undefined, which JSON makes null'
      )
      assert.deepEqual(codes, ['INTERNAL'])
      assert.deepEqual(pending, [1, 0])
    })
  }
}

test('without the variable the debug build works', async () => {
  const env = { JS_REDIS_KEY_STORE_BINARY: addon }
  const script = `require('.')('${server.url}').saveIds('i', 1, 'x').then(console.log)`
  const { code, stdout, stderr } = await runScript(script, { env })
  assert.deepEqual([code, stdout, stderr], [0, 'true\n', ''])
})
