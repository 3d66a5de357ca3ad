/**
 * Calls on many pairs at once, an import and walks of the command line, beside the server's own limit and single
 * calls, in turn: ratios of one round. The first round does not count.
 */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { measured } = require('../cli/__test__/measured')
const { ndjson } = require('../cli/__test__/support')
const { commandTo } = require('./command')
const { serverLimit } = require('./limit')
const { start } = require('./process')
const { summary } = require('./summary')
const { TOKEN } = require('./workloads')

const PAIRS = 1_000_000
const SOURCE = 'pairs.ndjson'

/** Pairs a second of the program, and how much memory it took at most, in MB. */
const command = async (folder, port, ...args) => {
  const words = [...args, '--quiet', '--url', `redis://127.0.0.1:${port}`]
  const { code, stderr, seconds, most } = await measured(folder, words)
  if (code !== 0) throw new Error(`key-store ${args[0]} ended with ${code}: ${stderr}`)
  return { rate: PAIRS / seconds, resident: most }
}

/** The worst PING of another client meanwhile, in ms, beside what `run` comes to. */
const probed = async (prober, port, run) => {
  await prober.ask('probe', port)
  const figures = await run()
  const { slowest } = await prober.ask('probed')
  return { ...figures, slowest }
}

const round = async (port, folder, prober) => {
  const where = { host: '127.0.0.1', port }
  const limits = await serverLimit(where)
  await commandTo(port, 'flushall')
  const bulk = start('bulk')
  await bulk.ask('open', { name: 'this store', where })
  const saved = await bulk.ask('bulk', 'saveAllIds')
  const found = await bulk.ask('bulk', 'getExtIds')
  const single = await bulk.ask('bulk', 'single')
  await bulk.close()
  await commandTo(port, 'flushall')
  const run = (...args) => command(folder, port, ...args)
  const imported = await run('import', folder.file(SOURCE), '--no-check')
  const all = ['--integration', TOKEN]
  const counted = await probed(prober, port, () => run('count', ...all))
  const exported = await probed(prober, port, () => run('export', folder.file('out'), ...all))
  const wiped = await probed(prober, port, () => run('delete', ...all, '--all', '--yes'))
  return {
    limit: limits.save,
    saveAllIds: saved.rate,
    'saveAllIds to the limit': saved.rate / limits.save,
    'saveAllIds, µs of the thread a pair': saved.thread,
    'single lookups at once': single.rate,
    getExtIds: found.rate,
    'getExtIds to single lookups': found.rate / single.rate,
    'getExtIds, µs of the thread an id': found.thread,
    import: imported.rate,
    'import to the limit': imported.rate / limits.save,
    'import, MB resident': imported.resident,
    export: exported.rate,
    'export, MB resident': exported.resident,
    'export, slowest PING in ms': exported.slowest,
    count: counted.rate,
    'count, slowest PING in ms': counted.slowest,
    'delete --all, slowest PING in ms': wiped.slowest
  }
}

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
