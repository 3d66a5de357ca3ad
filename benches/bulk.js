/**
 * Calls on many pairs at once, an import and walks of the command line, beside the server's own limit and single
 * calls, in turn: ratios of one round. The first round does not count.
 */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { measured } = require('../cli/__test__/measured')
const { ndjson } = require('../cli/__test__/support')
const { commandTo } = require('./command')
const { lookUpLimit, saveLimit } = require('./limit')
const { start } = require('./process')
const { summary } = require('./summary')
const { FOUND, TOKEN } = require('./workloads')

const PAIRS = 1_000_000
const SOURCE = 'pairs.ndjson'

/** For how long the server is looked at with nothing to do, in ms. */
const IDLE = 5_000

/** Pairs a second of the program, and how much memory it took at most, in MB. */
const command = async (folder, port, ...args) => {
  const words = [...args, '--quiet', '--url', `redis://127.0.0.1:${port}`]
  const { code, stderr, seconds, most } = await measured(folder, words)
  if (code !== 0) throw new Error(`key-store ${args[0]} ended with ${code}: ${stderr}`)
  return { rate: PAIRS / seconds, resident: most }
}

/** The slowest PINGs of another client meanwhile, in ms, beside what `run` comes to. */
const probed = async (prober, port, run) => {
  await prober.ask('probe', port)
  const figures = await run()
  return { ...figures, ...(await prober.ask('probed')) }
}

/** Saves, lookups of many and single ones: the second call of each counts, since code is slow at first. */
const bulkFigures = async (port, where) => {
  const bulk = start('bulk')
  await bulk.ask('open', { name: 'this store', where })
  await bulk.ask('bulk', 'saveAllIds')
  await commandTo(port, 'flushall')
  const saved = await bulk.ask('bulk', 'saveAllIds')
  await bulk.ask('bulk', 'getExtIds')
  const found = await bulk.ask('bulk', 'getExtIds')
  await bulk.ask('bulk', 'single')
  const single = await bulk.ask('bulk', 'single')
  await bulk.close()
  return { saved, found, single }
}

const round = async (port, folder, prober) => {
  const where = { host: '127.0.0.1', port }
  await commandTo(port, 'flushall')
  const saveable = await saveLimit(where, PAIRS)
  const { saved, found, single } = await bulkFigures(port, where)
  const findable = await lookUpLimit(where, FOUND)
  await commandTo(port, 'flushall')
  const run = (...args) => command(folder, port, ...args)
  const imported = await run('import', folder.file(SOURCE), '--no-check')
  const all = ['--integration', TOKEN]
  const idle = await probed(prober, port, () => sleep(IDLE))
  const counted = await probed(prober, port, () => run('count', ...all))
  const exported = await probed(prober, port, () => run('export', folder.file('out'), ...all))
  const wiped = await probed(prober, port, () => run('delete', ...all, '--all', '--yes'))
  return {
    'redis-benchmark, saves': saveable,
    saveAllIds: saved.rate,
    'saveAllIds to redis-benchmark': saved.rate / saveable,
    'saveAllIds, µs of the thread a pair': saved.thread,
    import: imported.rate,
    'import to redis-benchmark': imported.rate / saveable,
    'import, MB resident': imported.resident,
    'redis-benchmark, ids by MGET': findable,
    getExtIds: found.rate,
    'getExtIds to redis-benchmark': found.rate / findable,
    'getExtIds, µs of the thread an id': found.thread,
    'single lookups at once': single.rate,
    'getExtIds to single lookups': found.rate / single.rate,
    export: exported.rate,
    'export, MB resident': exported.resident,
    count: counted.rate,
    ...pings('idle', idle),
    ...pings('count', counted),
    ...pings('export', exported),
    ...pings('delete --all', wiped)
  }
}

const pings = (during, { slowest, p999 }) => ({
  [`${during}, slowest PING in ms`]: slowest,
  [`${during}, p99.9 PING in ms`]: p999
})

/** The figures of so many rounds; calls `advance` after each. */
const compareBulk = async (port, rounds, advance) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-bench-'))
  const folder = { file: (name) => path.join(directory, name) }
  const line = (n) => ndjson(TOKEN, `${n}`, `ext-${n}`)
  fs.writeFileSync(folder.file(SOURCE), Array.from({ length: PAIRS }, (_, n) => line(n)).join(''))
  const prober = start('the probe')
  const runs = []
  for (let n = -1; n < rounds; n++) {
    const figures = await round(port, folder, prober)
    if (n >= 0) runs.push(figures)
    advance()
  }
  await prober.close()
  fs.rmSync(directory, { recursive: true })
  return summary(runs)
}

module.exports = { compareBulk }
