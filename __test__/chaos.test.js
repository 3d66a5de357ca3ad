/** Random faults in a random order, in a process of its own, which must end by itself. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { runScript } = require('./support/programs')

const MS = 10_000
/** What the resident size may move by, in MB: the load keeps a note of each pair it saved. */
const ALLOWED = 32

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31

test(`random faults for ${MS / 1000} s, SEED=${seed}`, async (t) => {
  const script = `
    const { runSchedule } = require('./__test__/support/schedule')
    runSchedule({ seed: ${seed}, ms: ${MS} }).then((came) => console.log(JSON.stringify(came)))
  `
  const ended = await runScript(script, { limit: 60_000, args: ['--expose-gc'] })
  assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ''])
  const came = JSON.parse(ended.stdout)
  t.diagnostic(JSON.stringify(came))
  assert.ok(came.faults > 5 && came.reconnects > 5)
  assert.ok(came.grown < ALLOWED, `the resident size grew by ${came.grown.toFixed(1)} MB`)
})
