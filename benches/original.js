/**
 * `npm run bench:original`: this store beside the original with redis 2.8, both on one Redis of our own on
 * loopback, in turn. A benchmark, no test: it prints a table and judges nothing.
 */

const Table = require('cli-table3')
const createOriginal = require('@botmatic/js-redis-key-store')
const redis = require('redis2')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')

const ROUNDS = 5
const CALLS = 50_000
const SINGLE_CALLS = 5_000
const UNDER_WAY = 256
const TOKEN = '0123456789abcdef0123456789abcdef'

const save = (store) => (n) => store.saveIds(TOKEN, n, `ext-${n}`)
const lookup = (store) => (n) => store.getExtId(TOKEN, n)
const remove = (store) => (n) => store.deleteIds(TOKEN, n, `ext-${n}`)

/** Runs `call` for n = 0…calls, `underWay` at a time; gives the time a call took in µs. */
const timed = async (calls, underWay, call) => {
  let next = 0
  const worker = async () => {
    while (next < calls) await call(next++)
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: underWay }, worker))
  return ((performance.now() - started) * 1000) / calls
}

/** In this order: the lookups find what the saves wrote, and the deletes delete it. */
const WORKLOADS = [
  ['save, 256 under way', CALLS, UNDER_WAY, save],
  ['lookup, 256 under way', CALLS, UNDER_WAY, lookup],
  ['pair delete, 256 under way', CALLS, UNDER_WAY, remove],
  ['save, 50,000 at once', CALLS, CALLS, save],
  ['lookup, 50,000 at once', CALLS, CALLS, lookup],
  ['pair delete, 50,000 at once', CALLS, CALLS, remove],
  ['save, one awaited', SINGLE_CALLS, 1, save],
  ['lookup, one awaited', SINGLE_CALLS, 1, lookup],
  ['pair delete, one awaited', SINGLE_CALLS, 1, remove]
]

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

const main = async () => {
  const server = await startRedis()
  const client = redis.createClient({ port: server.port })
  const stores = [createOriginal(client), createKeyStore(client)]
  const times = WORKLOADS.map(() => stores.map(() => []))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [s, store] of stores.entries()) {
      for (const [w, [, calls, underWay, of]] of WORKLOADS.entries()) {
        times[w][s].push(await timed(calls, underWay, of(store)))
      }
    }
  }
  const head = ['', 'original, calls/s', 'this, calls/s', 'times the calls', 'of the time']
  const colAligns = ['left', 'right', 'right', 'right', 'right']
  const table = new Table({ head, colAligns, style: { head: [], border: [] } })
  for (const [w, [name]] of WORKLOADS.entries()) {
    const [original, ours] = times[w].map(median)
    const rate = (time) => Math.round(1e6 / time).toLocaleString('en')
    const ratios = [original / ours, ours / original].map((ratio) => ratio.toFixed(2))
    table.push([name, rate(original), rate(ours), ...ratios])
  }
  console.log(`medians of ${ROUNDS} rounds, Node ${process.version}, Redis on loopback`)
  console.log(table.toString())
  client.quit()
  await server.stop()
}

main()
