/**
 * `npm run bench`: every contender on every workload, in turn, on servers of our own; then many pairs at
 * once, and the embedded store. Writes results.json and the charts beside this file. `--quick` runs one
 * round on loopback only, and the names of settings, `bulk` and `embedded` run those only; both write
 * nothing. A benchmark, no test: it judges nothing.
 */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { SingleBar } = require('cli-progress')
const { startRedis } = require('../scripts/redis')
const { compareBulk } = require('./bulk')
const { draw } = require('./chart')
const { CONTENDERS } = require('./contenders')
const { compareEmbedded } = require('./embedded/compare')
const { serverLimit } = require('./limit')
const { startContender } = require('./process')
const { SETTINGS, prepare } = require('./settings')
const { summary } = require('./summary')
const { printBulk, printCalls, printEmbedded, printWipes } = require('./tables')
const { compareWipes } = require('./wipe')
const { LEVELS } = require('./workloads')

const QUICK = process.argv.includes('--quick')
const ROUNDS = QUICK ? 1 : 5
const NAMED = process.argv.slice(2).filter((word) => word !== '--quick')

const title = ({ call, underWay }) => `${call}, ${underWay.toLocaleString('en')} under way`

const progress = (text, total) => {
  const bar = new SingleBar({ format: `${text} |{bar}| {percentage} %, {duration_formatted}` })
  bar.start(total, 0)
  return bar
}

/**
 * All contenders and the server's limit in one setting, in turn: A B C, A B C, …, with one number of
 * calls under way and then the next, so that those compared are clocked within seconds. Each turn
 * begins with a run that does not count: code is slow at first, and two processes that start to talk
 * may share one core for a moment, with round trips half as long.
 */
const compareCalls = async (setting, { where, turns }) => {
  const levels = LEVELS.map((level) =>
    level.map(({ call, underWay, calls }) => ({
      call,
      underWay,
      calls: Math.min(calls, underWay * turns)
    }))
  )
  const workloads = levels.flat()
  const contenders = []
  for (const name of Object.keys(CONTENDERS)) {
    const contender = await startContender(name, where)
    if (contender)
      contenders.push({ ...contender, runs: new Map(workloads.map((workload) => [workload, []])) })
  }
  const bar = progress(setting, ROUNDS * contenders.length * workloads.length)
  const limits = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const level of levels) {
      for (const { ask, runs } of contenders) {
        await ask('measure', level[0])
        for (const workload of level) {
          runs.get(workload).push(await ask('measure', workload))
          bar.increment()
        }
      }
    }
    limits.push(await serverLimit(where))
  }
  bar.stop()
  await Promise.all(contenders.map(({ close }) => close()))
  const results = contenders.flatMap(({ name, runs }) =>
    workloads.map((workload) => ({
      setting,
      contender: name,
      workload: title(workload),
      ...summary(runs.get(workload))
    }))
  )
  return { results, limits: summary(limits) }
}

/** One setting: the calls of all contenders, then their wipes. */
const runSetting = async (setting, report) => {
  const prepared = await prepare(setting)
  try {
    const { results, limits } = await compareCalls(setting, prepared)
    printCalls(setting, results, limits)
    const bar = progress(`${setting}: deleteAllIds`, ROUNDS)
    const wipes = await compareWipes(setting, prepared, ROUNDS, () => bar.increment())
    bar.stop()
    printWipes(setting, wipes)
    report.limits[setting] = limits
    report.results.push(...results)
    report.wipes.push(...wipes)
  } finally {
    await prepared.stop()
  }
}

/** What there is to run besides settings, by name. */
const OTHERS = {
  bulk: async (report) => {
    const server = await startRedis()
    const bar = progress('bulk', ROUNDS + 1)
    try {
      report.bulk = await compareBulk(server.port, ROUNDS, () => bar.increment())
    } finally {
      bar.stop()
      await server.stop()
    }
    printBulk(report.bulk)
  },
  embedded: async (report) => {
    const bar = progress('embedded', ROUNDS)
    const results = await compareEmbedded(ROUNDS, () => bar.increment())
    bar.stop()
    printEmbedded(results)
    report.results.push(...results)
  }
}

const main = async () => {
  const machine = `${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}`
  const report = { date: new Date().toISOString(), machine, rounds: ROUNDS }
  Object.assign(report, { limits: {}, results: [], wipes: [] })
  console.log(`medians of ${ROUNDS} rounds ± half of their range, ${machine}`)
  const all = [...Object.keys(SETTINGS), ...Object.keys(OTHERS)]
  const unknown = NAMED.find((name) => !all.includes(name))
  if (unknown) throw new Error(`no "${unknown}"; there are ${all.join(', ')}`)
  const wanted = NAMED.length > 0 ? NAMED : QUICK ? ['loopback'] : all
  for (const name of wanted) {
    await (OTHERS[name]?.(report) ?? runSetting(name, report))
  }
  if (QUICK || NAMED.length > 0) return
  fs.writeFileSync(path.join(__dirname, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
  await draw(report, __dirname)
}

main()
