/**
 * `npm run counts`: the instructions and allocations that calls take on their way through the Rust
 * code (counts.rs), counted by valgrind: on a noisy machine too they are the same each time. Fails
 * when one is more than 5 % above the committed counts.json, which `npm run counts -- --record`
 * writes. Another compiler or C library counts otherwise, so nothing is judged there.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { isDeepStrictEqual } = require('node:util')
const Table = require('cli-table3')
const { aptInstall } = require('../scripts/apt')

const ROOT = path.join(__dirname, '..')
const RECORD = path.join(__dirname, 'counts.json')
const CALLS = ['save', 'lookup', 'delete']
/** As in counts.rs: one full pipeline. */
const BATCH = 128
/** Two lengths of a run: what both have in common, start and end, is no part of the difference. */
const [FEW, MANY] = [10, 50]
const TOLERANCE = 0.05

/** What is counted, by which tool, and how many calls one figure is for. */
const FIGURES = {
  'instructions a call': { tool: 'callgrind', told: /Collected : (\d+)/, calls: 1 },
  [`allocations a batch of ${BATCH}`]: {
    tool: 'dhat',
    told: /Total:.* in ([\d,]+) blocks/,
    calls: BATCH
  }
}

const run = (command, ...args) => {
  const ended = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', timeout: 900_000 })
  return { ...ended, isFine: ended.status === 0 }
}

const must = (command, ...args) => {
  const { isFine, stdout, stderr, error } = run(command, ...args)
  if (!isFine) throw error ?? new Error(`${command} ${args.join(' ')} failed:\n${stderr}`)
  return { stdout, stderr }
}

const valgrind = (tool, ...program) => [
  'valgrind',
  `--tool=${tool}`,
  `--${tool}-out-file=/dev/null`,
  ...program
]

const hasValgrind = () => run(...valgrind('dhat', 'true')).isFine

/** The program to count; for the addon's target, as then the dependencies are built already. */
const build = (target) => {
  const profile = ['--release', '--locked', '--target', target]
  const messages = '--message-format=json-render-diagnostics'
  const { stdout } = must('cargo', 'build', ...profile, '--example', 'counts', messages)
  const artifacts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return artifacts.find(({ executable }) => executable).executable
}

const count = (program, call, { tool, told, calls }) => {
  const [few, many] = [FEW, MANY].map((batches) => {
    const { stderr } = must(...valgrind(tool, program, call, `${batches}`))
    return Number(told.exec(stderr)[1].replaceAll(',', ''))
  })
  return Math.round(((many - few) / (MANY - FEW) / BATCH) * calls)
}

/** The figures of one call beside the `old` ones, and by what part of those they have grown. */
const measure = (program, call, old = {}) =>
  Object.entries(FIGURES).map(([name, how]) => {
    const figure = count(program, call, how)
    return { name, figure, old: old[name], growth: figure / old[name] - 1 }
  })

const print = (results) => {
  const head = ['', ...Object.keys(FIGURES).flatMap((name) => [name, 'committed', 'change'])]
  const colAligns = head.map((_, column) => (column ? 'right' : 'left'))
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
  for (const [call, figures] of Object.entries(results)) {
    const cells = figures.map(({ figure, old, growth }) =>
      old ? [figure, old, `${(growth * 100).toFixed(1)} %`] : [figure, '', '']
    )
    table.push([call, ...cells.flat()])
  }
  console.log(`${table}`)
}

const record = (machine, results) => {
  const plain = (figures) => Object.fromEntries(figures.map(({ name, figure }) => [name, figure]))
  const entries = Object.entries(results).map(([call, figures]) => [call, plain(figures)])
  const text = JSON.stringify({ machine, counts: Object.fromEntries(entries) }, null, 2)
  fs.writeFileSync(RECORD, `${text}\n`)
}

const main = () => {
  const compiler = must('rustc', '-vV').stdout
  const [rustc] = compiler.split('\n')
  const [, target] = /host: (\S+)/.exec(compiler)
  const glibc = process.report.getReport().header.glibcVersionRuntime
  const machine = { rustc, target, glibc }
  const committed = JSON.parse(fs.readFileSync(RECORD, 'utf8'))
  const records = process.argv.includes('--record')
  if (!records && !isDeepStrictEqual(machine, committed.machine)) {
    console.log(
      'counts: not judged, the committed figures are of',
      committed.machine,
      'and not of',
      machine
    )
    return
  }
  if (!hasValgrind() && !(aptInstall('valgrind') && hasValgrind())) {
    console.log('counts: nothing counted, there is no valgrind that works here')
    process.exitCode = Number(records)
    return
  }
  const program = build(target)
  const of = (call) => measure(program, call, committed.counts[call])
  const results = Object.fromEntries(CALLS.map((call) => [call, of(call)]))
  print(results)
  const figures = Object.values(results).flat()
  if (records) record(machine, results)
  else if (figures.some(({ growth }) => growth > TOLERANCE)) {
    process.exitCode = 1
    console.error(
      'counts: more than 5 % above a committed figure; if it is worth it: npm run counts -- --record'
    )
  }
}

main()
