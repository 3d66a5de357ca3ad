/** What is measured: calls on pairs of one integration, so many under way at a time. */

const { performance } = require('node:perf_hooks')

const TOKEN = '0123456789abcdef0123456789abcdef'

const CALLS = {
  save: (store, n) => store.saveIds(TOKEN, n, `ext-${n}`),
  lookup: (store, n) => store.getExtId(TOKEN, n),
  delete: (store, n) => store.deleteIds(TOKEN, n, `ext-${n}`),
  // Four lookups to a save, which is what webhooks make of it.
  mixed: (store, n) => (n % 5 === 0 ? CALLS.save(store, n) : CALLS.lookup(store, n))
}

/** In this order: the lookups find what the saves wrote, and the deletes delete it. */
const ORDER = ['save', 'lookup', 'mixed', 'delete']

const UNDER_WAY = { 1: 3_000, 16: 20_000, 256: 50_000, 4096: 50_000, 50000: 50_000 }

const WORKLOADS = Object.entries(UNDER_WAY).flatMap(([underWay, calls]) =>
  ORDER.map((call) => ({ call, underWay: Number(underWay), calls }))
)

const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, (sorted.length * share) | 0)]

/** Runs `run(n)` for each n below `calls`, so many under way; gives the time in ms. */
const timed = async (calls, underWay, run) => {
  let next = 0
  const worker = async () => {
    while (next < calls) await run(next++)
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: underWay }, worker))
  return performance.now() - started
}

/** The latencies of a fifth of the calls, apart from the rate: the clock would slow it. */
const latencies = async (store, { call, underWay, calls }) => {
  const times = new Float64Array(Math.ceil(calls / 5))
  await timed(times.length, underWay, async (n) => {
    const started = performance.now()
    await CALLS[call](store, n)
    times[n] = performance.now() - started
  })
  times.sort()
  return [0.5, 0.99, 0.999].map((share) => percentile(times, share) * 1_000)
}

/** Runs a workload: calls a second, latencies and times a call in µs, resident size in MB. */
const measure = async (store, workload) => {
  const { call, underWay, calls } = workload
  const cpuBefore = process.cpuUsage()
  const loopBefore = performance.eventLoopUtilization()
  const took = await timed(calls, underWay, (n) => CALLS[call](store, n))
  const loop = performance.eventLoopUtilization(loopBefore)
  const cpu = process.cpuUsage(cpuBefore)
  const [p50, p99, p999] = await latencies(store, workload)
  return {
    rate: (calls / took) * 1_000,
    p50,
    p99,
    p999,
    thread: (loop.active / calls) * 1_000,
    cpu: (cpu.user + cpu.system) / calls,
    resident: process.memoryUsage.rss() / 2 ** 20
  }
}

module.exports = { TOKEN, WORKLOADS, measure }
