/** Random calls and random faults against a model of what the store promises. */

const { describe, test } = require('node:test')
const { runModel } = require('./support/model-run')
const { sentinelPlace } = require('./support/model-sentinel')
const { singlePlace } = require('./support/model-single')
const { useServer } = require('./support/redis')
const { clusterPlace } = require('./support/model-cluster')
const { LASTING } = require('./support/schedule')
const { useCluster, useSentinels } = require('./support/topologies')

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31
const ms = Number(process.env.MODEL_SECONDS || 12) * 1_000

/** Plays on a place that is made for it. */
const plays = async (t, placed) => {
  const place = await placed
  t.after(place.stop)
  t.diagnostic(JSON.stringify(await runModel(place, { seed, ms })))
}

/** So that a busy machine makes no node look dead, and that masters without slots stay masters. */
const PATIENT = ['--cluster-node-timeout', '15000', '--cluster-allow-replica-migration', 'no']

describe('a single server', () => {
  const server = useServer({ args: LASTING })
  test(`random calls and faults, SEED=${seed}`, (t) => plays(t, singlePlace(server)))
})

describe('a cluster', () => {
  const cluster = useCluster([...LASTING, ...PATIENT])
  test(`random calls and faults, SEED=${seed}`, (t) => plays(t, clusterPlace(cluster)))
})

describe('a master with a replica and sentinels', () => {
  const group = useSentinels({ args: LASTING })
  test(`random calls and faults, SEED=${seed}`, (t) => plays(t, sentinelPlace(group)))
})
