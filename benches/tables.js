/** Prints the results. */

const Table = require('cli-table3')
const { CONTENDERS } = require('./contenders')

/** The figures with a table of their own, and which of two values is better. */
const FIGURES = {
  rate: ['calls a second', Math.max],
  thread: ['µs of the JavaScript thread a call', Math.min],
  p50: ['µs of latency, the median call', Math.min],
  heap: ['bytes of the JavaScript heap a call', Math.min]
}

const number = (value) =>
  value < 100 ? value.toPrecision(2) : Math.round(value).toLocaleString('en')

/** The median, and half of what lies between the lowest and the highest. */
const spread = ({ median, low, high }) => {
  const half = Math.round(((high - low) / 2 / median) * 100)
  return `${number(median)} ±${half} %`
}

const print = (title, head, rows) => {
  const colAligns = ['left', ...head.slice(1).map(() => 'right')]
  const style = { head: [], border: [], compact: true }
  const table = new Table({ head, colAligns, style })
  table.push(...rows)
  console.log(`\n${title}\n${table}`)
}

/** One figure of a setting: every contender on every workload, and our share of the others'. */
const printFigure = (figure, setting, results, limits) => {
  const [meaning, best] = FIGURES[figure]
  const names = Object.keys(CONTENDERS)
  const rows = [...new Set(results.map(({ workload }) => workload))].map((workload) => {
    const found = results.filter((result) => result.workload === workload)
    const of = Object.fromEntries(found.map((result) => [result.contender, result[figure]]))
    const { original, 'this store': ours, ...others } = of
    const to = (other) => (ours.median / other).toFixed(2)
    const limit = limits[workload.split(',')[0]]
    return [
      workload,
      ...names.map((name) => (of[name] ? spread(of[name]) : '')),
      to(original.median),
      to(best(...Object.values(others).map(({ median }) => median))),
      ...(figure === 'rate' ? [limit ? to(limit.median) : ''] : [])
    ]
  })
  const ratios = ['to original', 'to best other', ...(figure === 'rate' ? ['to the limit'] : [])]
  print(`${setting}: ${meaning}`, ['', ...names, ...ratios], rows)
}

const printCalls = (setting, results, limits) => {
  for (const figure of Object.keys(FIGURES)) printFigure(figure, setting, results, limits)
}

const printWipes = (setting, wipes) => {
  const pings = ['slowest PING, ms', 'p99.9 PING, ms']
  const head = ['', 'ms', 'to original', ...pings, 'resident size grows by, MB']
  const original = wipes.find(({ contender }) => contender === 'original').took.median
  const rows = wipes.map(({ contender, took, slowest, p999, grown }) => [
    contender,
    took ? spread(took) : '',
    took ? (took.median / original).toFixed(2) : '',
    spread(slowest),
    spread(p999),
    grown ? spread(grown) : ''
  ])
  print(`${setting}: deleteAllIds`, head, rows)
}

/** Calls on many pairs: figures of different kinds, one a row. */
const printBulk = (figures) => {
  const rows = Object.entries(figures).map(([name, values]) => [name, spread(values)])
  print('many pairs: a second, where nothing else is said', ['', ''], rows)
}

/** Embedded stores, with how many times as fast ours is. */
const printEmbedded = (results) => {
  const names = [...new Set(results.map(({ contender }) => contender))]
  const rows = [...new Set(results.map(({ workload }) => workload))].map((workload) => {
    const rates = names.map((name) =>
      results.find((result) => result.workload === workload && result.contender === name)
    )
    const [ours] = rates
    const times = (rate) => (ours.rate.median / rate.median).toFixed(2)
    return [
      workload,
      ...rates.map((of) => {
        if (!of) return ''
        return of === ours ? spread(of.rate) : `${spread(of.rate)} (${times(of.rate)})`
      })
    ]
  })
  print('embedded: a second (how many times as fast this store is)', ['', ...names], rows)
}

module.exports = { printBulk, printCalls, printEmbedded, printWipes }
