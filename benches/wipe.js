/** `deleteAllIds` among foreign keys, while another client sends PING. */

const { setTimeout: sleep } = require('node:timers/promises')
const { commandTo } = require('./command')
const { start, startContender } = require('./process')
const { summary } = require('./summary')
const { TOKEN } = require('./workloads')

const PAIRS = 100_000

const FILL = `for n = 1, ${PAIRS} do
  redis.call('mset', KEYS[1] .. ':b:' .. n, 'ext-' .. n, KEYS[1] .. ':e:ext-' .. n, n)
end`

/** Nothing is deleted, for as long as our store takes: how slow a PING is anyhow. */
const IDLE = 'idle server'

/** Fills the database and lets a process started anew wipe it, since only its first wipe grows it. */
const wiped = async (name, { where, port }, probed) => {
  const contender = await startContender(name, where)
  if (!contender) return
  const before = await commandTo(port, 'dbsize')
  await commandTo(port, 'eval', FILL, 1, TOKEN)
  const run = await probed(() => contender.ask('wipe', TOKEN))
  await contender.close()
  const left = (await commandTo(port, 'dbsize')) - before
  if (left > 0) throw new Error(`${name} left ${left} keys`)
  return run
}

/** The wipes of a setting, in turn; calls `advance` after each round. */
const compareWipes = async (setting, prepared, rounds, advance) => {
  const prober = start('the probe')
  const probed = async (run) => {
    await prober.ask('probe', prepared.port)
    const figures = await run()
    return { ...figures, ...(await prober.ask('probed')) }
  }
  const runs = new Map([...prepared.wipers, IDLE].map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    let took
    for (const [name, done] of runs) {
      const run =
        name === IDLE ? await probed(() => sleep(took)) : await wiped(name, prepared, probed)
      if (run) done.push(run)
      took = run?.took
    }
    advance()
  }
  await prober.close()
  return [...runs]
    .filter(([, done]) => done.length > 0)
    .map(([contender, done]) => ({ setting, contender, ...summary(done) }))
}

module.exports = { compareWipes }
