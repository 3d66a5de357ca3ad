/**
 * `npm run bench:original`: this store beside the original with redis 2.8, both on one Redis of our own on
 * loopback, in turn. A benchmark, no test: it prints a table and judges nothing.
 */

const Table = require('cli-table3')
const createOriginal = require('@botmatic/js-redis-key-store')
const redis = require('redis2')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { summary } = require('./summary')
const { CALLS, timed } = require('./workloads')

const ROUNDS = 5
const MANY = 50_000
const FEW = 5_000
const UNDER_WAY = 256

/** In this order: the lookups find what the saves wrote, and the deletes delete it. */
const WORKLOADS = [
  ['save, 256 under way', 'save', MANY, UNDER_WAY],
  ['lookup, 256 under way', 'lookup', MANY, UNDER_WAY],
  ['pair delete, 256 under way', 'delete', MANY, UNDER_WAY],
  ['save, 50,000 at once', 'save', MANY, MANY],
  ['lookup, 50,000 at once', 'lookup', MANY, MANY],
  ['pair delete, 50,000 at once', 'delete', MANY, MANY],
  ['save, one awaited', 'save', FEW, 1],
  ['lookup, one awaited', 'lookup', FEW, 1],
  ['pair delete, one awaited', 'delete', FEW, 1]
]

const main = async () => {
  const server = await startRedis()
  const client = redis.createClient({ port: server.port })
  const stores = [createOriginal(client), createKeyStore(client)]
  const times = WORKLOADS.map(() => stores.map(() => []))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [s, store] of stores.entries()) {
      for (const [w, [, call, calls, underWay]] of WORKLOADS.entries()) {
        times[w][s].push({ ms: await timed(calls, underWay, (n) => CALLS[call](store, n)) })
      }
    }
  }
  const head = ['', 'original, calls/s', 'this, calls/s', 'times the calls', 'of the time']
  const colAligns = ['left', 'right', 'right', 'right', 'right']
  const table = new Table({ head, colAligns, style: { head: [], border: [] } })
  for (const [w, [name, , calls]] of WORKLOADS.entries()) {
    const [original, ours] = times[w].map((runs) => summary(runs).ms.median)
    const rate = (ms) => Math.round((calls / ms) * 1_000).toLocaleString('en')
    const ratios = [original / ours, ours / original].map((ratio) => ratio.toFixed(2))
    table.push([name, rate(original), rate(ours), ...ratios])
  }
  console.log(`medians of ${ROUNDS} rounds, Node ${process.version}, Redis on loopback`)
  console.log(table.toString())
  client.quit()
  await server.stop()
}

main()
