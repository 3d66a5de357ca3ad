/**
 * `npm run bench`: every contender on every workload, in turn, on servers of our own. Writes
 * results.json and the charts beside this file. `--quick` runs one round on loopback only and
 * writes nothing. A benchmark, no test: it judges nothing.
 */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { SingleBar } = require('cli-progress')
const { draw } = require('./chart')
const { CONTENDERS } = require('./contenders')
const { serverLimit } = require('./limit')
const { startContender } = require('./process')
const { SETTINGS, prepare } = require('./settings')
const { summary } = require('./summary')
const { printCalls, printWipes } = require('./tables')
const { compareWipes } = require('./wipe')
const { WORKLOADS } = require('./workloads')

const QUICK = process.argv.includes('--quick')
const ROUNDS = QUICK ? 1 : 5

const title = ({ call, underWay }) => `${call}, ${underWay.toLocaleString('en')} under way`

const progress = (text, total) => {
  const bar = new SingleBar({ format: `${text} |{bar}| {percentage} %, {duration_formatted}` })
  bar.start(total, 0)
  return bar
}

/**
 * All contenders and the server's limit in one setting, in turn: A B C, A B C, …, with one number of
 * calls under way and then the next, so that those compared are clocked within seconds. The first
 * round warms up and does not count.
 */
const compareCalls = async (setting, { where, turns }) => {
  const workloads = WORKLOADS.map(({ call, underWay, calls }) => ({
    call,
    underWay,
    calls: Math.min(calls, underWay * turns)
  }))
  const contenders = []
  for (const name of Object.keys(CONTENDERS)) {
    const contender = await startContender(name, where)
    if (contender) contenders.push({ ...contender, runs: workloads.map(() => []) })
  }
  const levels = [...new Set(workloads.map(({ underWay }) => underWay))]
  const bar = progress(setting, (1 + ROUNDS) * contenders.length * workloads.length)
  const limits = []
  for (let round = 0; round <= ROUNDS; round++) {
    for (const level of levels) {
      for (const { ask, runs } of contenders) {
        for (const [w, workload] of workloads.entries()) {
          if (workload.underWay !== level) continue
          const run = await ask('measure', workload)
          if (round > 0) runs[w].push(run)
          bar.increment()
        }
      }
    }
    if (round > 0) limits.push(await serverLimit(where))
  }
  bar.stop()
  await Promise.all(contenders.map(({ close }) => close()))
  const results = contenders.flatMap(({ name, runs }) =>
    runs.map((done, w) => ({
      setting,
      contender: name,
      workload: title(workloads[w]),
      ...summary(done)
    }))
  )
  return { results, limits: summary(limits) }
}

const main = async () => {
  const machine = `${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}`
  const report = { date: new Date().toISOString(), machine, rounds: ROUNDS }
  Object.assign(report, { limits: {}, results: [], wipes: [] })
  console.log(`medians of ${ROUNDS} rounds ± half of their range, ${machine}`)
  for (const setting of QUICK ? ['loopback'] : Object.keys(SETTINGS)) {
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
  if (QUICK) return
  fs.writeFileSync(path.join(__dirname, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
  await draw(report, __dirname)
}

main()
