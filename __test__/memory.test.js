/** Calls leave nothing behind, failed ones included. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()

const CALLS = 2_000_000
const WAITING = 500_000
/** Bytes that a waiting call may take, a token and short ids included; the README tells of 400. */
const A_CALL = 500
/** What the resident size may move by, in MB: a call that left 16 bytes behind would show as 12. */
const ALLOWED = 8

test(`${CALLS} calls, half of them failing, end with a flat resident size`, async () => {
  await server.command('hset', 'i:b:hash', 'f', 'v')
  const script = `
    const store = require('.')(${JSON.stringify(server.url)}, { onError: () => failed++ })
    let failed = 0
    const size = () => {
      gc()
      return process.memoryUsage().rss / 2 ** 20
    }
    const run = async (calls) => {
      for (let n = 0; n < calls; n += 500) {
        const batch = []
        for (let m = 0; m < 250; m++) batch.push(store.saveIds('i', m, n), store.getExtId('i', 'hash'))
        await Promise.all(batch)
      }
    }
    const main = async () => {
      const sizes = []
      for (let part = 0; part < 8; part++) {
        await run(${CALLS / 8})
        sizes.push(size())
      }
      // What grows does so from each part to the next; a busy machine moves a single one by some MB.
      const grown = Math.min(...sizes.slice(4)) - Math.max(...sizes.slice(0, 2))
      console.log(JSON.stringify({ failed, grown }))
    }
    main()
  `
  const ended = await runScript(script, {
    limit: 240_000,
    // The young heap has its full size from the start: else it grows when V8 sees fit.
    args: ['--expose-gc', '--min-semi-space-size=16']
  })
  assert.deepEqual([ended.code, ended.stderr], [0, ''])
  const { failed, grown } = JSON.parse(ended.stdout)
  assert.equal(failed, CALLS / 2)
  assert.ok(grown < ALLOWED, `the resident size grew by ${grown.toFixed(1)} MB`)
})

test(`${WAITING} calls that wait take ${A_CALL} bytes each at most`, async () => {
  const script = `
    const store = require('.')({ port: 1 })
    gc()
    const before = process.memoryUsage.rss()
    const token = '0123456789abcdef0123456789abcdef'
    for (let n = 0; n < ${WAITING}; n++) store.saveIds(token, n, 'ext-' + n)
    gc()
    console.log((process.memoryUsage.rss() - before) / ${WAITING})
    store.quit()
  `
  const ended = await runScript(script, { args: ['--expose-gc'] })
  assert.deepEqual([ended.code, ended.stderr], [0, ''])
  assert.ok(Number(ended.stdout) < A_CALL, `${ended.stdout} bytes`)
})
