/** What is measured: calls on pairs of one integration, so many under way at a time. */

const { performance } = require('node:perf_hooks')
const { GCProfiler, getHeapStatistics } = require('node:v8')
const { percentile } = require('./probe')

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

const UNDER_WAY = { 1: 2_000, 16: 10_000, 256: 50_000, 4096: 50_000, 50000: 50_000 }

/** The workloads, by how many calls are under way. */
const LEVELS = Object.entries(UNDER_WAY).map(([underWay, calls]) =>
  ORDER.map((call) => ({ call, underWay: Number(underWay), calls }))
)

/** Each so many calls one is clocked, since clocking all would slow them; no divisor of the mix. */
const CLOCKED = 7

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

/** Watches the JavaScript heap; gives what tells the bytes taken from it so far, collected or not. */
const watchHeap = () => {
  const profiler = new GCProfiler()
  let used = getHeapStatistics().used_heap_size
  profiler.start()
  return () => {
    let bytes = 0
    for (const { beforeGC, afterGC } of profiler.stop().statistics) {
      bytes += beforeGC.heapStatistics.usedHeapSize - used
      used = afterGC.heapStatistics.usedHeapSize
    }
    return bytes + getHeapStatistics().used_heap_size - used
  }
}

/**
 * Runs a workload: calls a second; latencies, time of the JavaScript thread and of the process a
 * call in µs; bytes of the JavaScript heap a call; resident size in MB.
 */
const measure = async (store, { call, underWay, calls }) => {
  const latencies = []
  const clocked = async (n) => {
    const started = performance.now()
    await CALLS[call](store, n)
    latencies.push((performance.now() - started) * 1_000)
  }
  // One at a time, the clock is nothing beside the way to the server.
  const every = Math.min(underWay, CLOCKED)
  const allocated = watchHeap()
  const cpuBefore = process.cpuUsage()
  const loopBefore = performance.eventLoopUtilization()
  const took = await timed(calls, underWay, (n) =>
    n % every === 0 ? clocked(n) : CALLS[call](store, n)
  )
  const loop = performance.eventLoopUtilization(loopBefore)
  const cpu = process.cpuUsage(cpuBefore)
  const bytes = allocated()
  latencies.sort((a, b) => a - b)
  return {
    rate: (calls / took) * 1_000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    p999: percentile(latencies, 0.999),
    thread: (loop.active / calls) * 1_000,
    cpu: (cpu.user + cpu.system) / calls,
    heap: bytes / calls,
    resident: process.memoryUsage.rss() / 2 ** 20
  }
}

const range = (count, make) => Array.from({ length: count }, (_, n) => make(n))

/** How many ids are looked up. */
const FOUND = 100_000

/** Calls on many at once, by name: what they are given, and the call. */
const BULK = {
  saveAllIds: [
    range(1_000_000, (n) => [`${n}`, `ext-${n}`]),
    (store, pairs) => store.saveAllIds(TOKEN, pairs)
  ],
  getExtIds: [range(FOUND, (n) => `${n}`), (store, ids) => store.getExtIds(TOKEN, ids)],
  single: [
    range(FOUND, (n) => `${n}`),
    (store, ids) => Promise.all(ids.map((id) => store.getExtId(TOKEN, id)))
  ]
}

/** How many a second such a call does, and how many µs of the thread each takes. */
const measureBulk = async (store, name) => {
  const [given, call] = BULK[name]
  const loopBefore = performance.eventLoopUtilization()
  const started = performance.now()
  await call(store, given)
  const took = performance.now() - started
  const loop = performance.eventLoopUtilization(loopBefore)
  return { rate: (given.length / took) * 1_000, thread: (loop.active / given.length) * 1_000 }
}

module.exports = { CALLS, FOUND, TOKEN, LEVELS, measure, measureBulk, timed }
