/**
 * `npm run bench`: every contender on every workload, in turn, on servers of our own. Writes
 * results.json and the charts beside this file. `--quick` runs one round on loopback only.
 * A benchmark, no test: it judges nothing.
 */

const { fork } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const Table = require('cli-table3')
const { SingleBar } = require('cli-progress')
const { draw } = require('./chart')
const { CONTENDERS } = require('./contenders')
const { serverLimit } = require('./limit')
const { SETTINGS, prepare } = require('./settings')
const { WORKLOADS } = require('./workloads')

const QUICK = process.argv.includes('--quick')
const ROUNDS = QUICK ? 1 : 5

/** A contender in its process: `ask(question, value)` resolves to its answer. */
const start = (name) => {
  const child = fork(path.join(__dirname, 'contender.js'))
  const ask = (question, value) =>
    new Promise((resolve, reject) => {
      const died = () => reject(new Error(`${name} ended on ${question}`))
      child.once('exit', died)
      child.once('message', ({ answer }) => {
        child.removeListener('exit', died)
        resolve(answer)
      })
      child.send({ ask: question, value })
    })
  const close = () =>
    new Promise((resolve) => {
      child.once('exit', resolve)
      child.send({ ask: 'close' })
      // Some clients do not let their process go.
      child.once('disconnect', () => child.kill())
    })
  return { name, ask, close }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

/** The medians of each figure, and how far the rates lie apart, in %. */
const summary = (runs) => {
  const medians = Object.fromEntries(
    Object.keys(runs[0]).map((figure) => [figure, median(runs.map((run) => run[figure]))])
  )
  const rates = runs.map(({ rate }) => rate)
  const spread = ((Math.max(...rates) - Math.min(...rates)) / medians.rate) * 100
  return { ...medians, spread }
}

const title = ({ call, underWay }) => `${call}, ${underWay.toLocaleString('en')} under way`

/** All contenders on one setting, in turn: A B C, A B C, …. */
const compare = async (setting, where, workloads) => {
  const contenders = []
  for (const name of Object.keys(CONTENDERS)) {
    const contender = start(name)
    if (await contender.ask('open', { name, where })) contenders.push(contender)
    else await contender.close()
  }
  const bar = new SingleBar({ format: `${setting} |{bar}| {value}/{total}`, noTTYOutput: true })
  bar.start(ROUNDS * workloads.length * contenders.length, 0)
  const runs = new Map()
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, ask } of contenders) {
      for (const workload of workloads) {
        const key = JSON.stringify([name, title(workload)])
        const done = runs.get(key) ?? []
        runs.set(key, [...done, await ask('measure', workload)])
        bar.increment()
      }
    }
  }
  bar.stop()
  await Promise.all(contenders.map(({ close }) => close()))
  return [...runs].map(([key, done]) => {
    const [contender, workload] = JSON.parse(key)
    return { setting, contender, workload, ...summary(done) }
  })
}

const print = (setting, results, limits) => {
  const head = ['', ...Object.keys(CONTENDERS), 'to original', 'to best other', 'to the limit']
  const colAligns = ['left', ...head.slice(1).map(() => 'right')]
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
  for (const workload of new Set(results.map((result) => result.workload))) {
    const rates = Object.fromEntries(
      results.filter((r) => r.workload === workload).map((r) => [r.contender, r.rate])
    )
    const { original, 'this store': ours, ...others } = rates
    const limit = limits?.[workload.split(',')[0]]
    const ratio = (other) => (other ? (ours / other).toFixed(2) : '')
    table.push([
      workload,
      ...Object.keys(CONTENDERS).map((name) => Math.round(rates[name] ?? 0).toLocaleString('en')),
      ratio(original),
      ratio(Math.max(...Object.values(others))),
      ratio(limit)
    ])
  }
  console.log(`\n${setting}: calls a second, medians of ${ROUNDS}`)
  console.log(table.toString())
}

const main = async () => {
  const names = QUICK ? ['loopback'] : Object.keys(SETTINGS)
  const all = []
  const limits = {}
  for (const setting of names) {
    const { where, stop, fewer } = await prepare(setting)
    try {
      const workloads = fewer ? WORKLOADS.filter(({ underWay }) => underWay <= 256) : WORKLOADS
      const results = await compare(setting, where, workloads)
      if (setting === 'loopback') limits.loopback = serverLimit(where)
      print(setting, results, limits[setting])
      all.push(...results)
    } finally {
      await stop()
    }
  }
  const machine = `${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}`
  const report = { date: new Date().toISOString(), machine, rounds: ROUNDS, limits, results: all }
  if (QUICK) return
  fs.writeFileSync(path.join(__dirname, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
  await draw(report, __dirname)
}

main()
