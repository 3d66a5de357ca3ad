/** `key-store copy`: the pairs of one store into another. */

const { twoStores } = require('../options/address')
const { integrations, progress, screen, transfer } = require('../options/common')
const { selected } = require('../options/selection')
const { countPairs, walk } = require('../store/walk')
const { Batches } = require('../transfer/batches')
const { load } = require('../transfer/load')
const { spooled } = require('../transfer/spool')
const { usage } = require('../trouble')

const build = (define) => {
  const command = define('copy')
    .description('copy the pairs of one store into another')
    .argument('<from>', 'address of the store that is read, as --url of other commands has it')
    .argument('<to>', 'address of the store that is written to')
  return screen(progress(twoStores(transfer(integrations(command)))))
}

/** What is found by a walk, as a source. */
const walked = (job, from, wanted, total, size) => {
  let count = 0
  const at = () => ({ part: total && Math.min(1, count / total) })
  const batches = async function* () {
    const sink = new Batches(size)
    for await (const pair of walk(job, from, wanted)) {
      sink.pair(...pair)
      count++
      if (sink.isFull) yield* sink.rest(at)
    }
    yield* sink.rest(at)
  }
  return { batches }
}

/** Whether both may lie in one database: one server has many names, as one file has. */
const mayBeOne = (from, to) => (from.file === undefined) === (to.file === undefined)

const run = async (job, options, [fromUrl, toUrl], command) => {
  const wanted = selected(options, command)
  const from = job.open(options, 'from', fromUrl)
  const to = job.make(options, 'to', toUrl)
  const isSamePrefix = from.keyPrefix === to.keyPrefix
  if (isSamePrefix && (from.file ?? from.name) === (to.file ?? to.name)) {
    throw usage('FROM and TO are one store: name another, or another key prefix')
  }
  const feedsItself = mayBeOne(from, to) && !isSamePrefix
  if (options.resume || feedsItself) return spooled(job, from, to, wanted, options)
  const total = job.screen.wantsTotal ? await countPairs(job, from, wanted) : undefined
  return load(job, to, options, {
    done: 'copied',
    origin: {},
    open: (_, size) => walked(job, from, wanted, total, size)
  })
}

const examples = [
  'key-store copy redis://old:6379 redis://new:6379 --verify',
  'key-store copy file:./pairs.redb redis-cluster://node1:6379 --integration my-integration',
  'KEY_STORE_TO_PASSWORD=… key-store copy redis://a redis://b --to-key-prefix live: --rate 50000'
]

module.exports = { build, examples, run }
