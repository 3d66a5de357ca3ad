/**
 * `npm run outage`: a server killed and restarted ten times in 30 s under 20,000 calls a second. No
 * save that answered true may be lost, no call may fail but for its deadline, none may hang.
 */

const { setTimeout: sleep } = require('node:timers/promises')
const redis = require('redis3')
const createKeyStore = require('../..')
const { startLoad } = require('../support/load')
const { commander } = require('../support/redis')
const { LASTING } = require('../support/schedule')
const { startRedis } = require('../../scripts/redis')

const KILLS = 10
const RATE = 20_000
/** From one kill to the next, in ms. */
const PERIOD = 2_800
/** How many calls come before the server is started again. */
const CALLS_MEANWHILE = 0.5 * RATE

const times = { readTimeout: 10_000, writeTimeout: 3_600_000 }

const main = async () => {
  const server = await startRedis({ args: LASTING })
  const store = createKeyStore(server.url, times)
  const load = startLoad(store, { times, rate: RATE })
  const started = performance.now()
  for (let n = 1; n <= KILLS; n++) {
    await sleep(started + n * PERIOD - performance.now())
    await server.kill()
    await load.more(CALLS_MEANWHILE)
    const { pending } = store.stats()
    await server.restart()
    const took = Math.round(await load.recovered())
    console.log(`kill ${n}: ${pending} calls waited, all well ${took} ms after the server was back`)
  }
  const seconds = (performance.now() - started) / 1000
  const client = redis.createClient({ port: server.port })
  const { calls, failed } = await load.check(commander(client))
  console.log(
    `passed: ${calls} calls in ${seconds.toFixed(1)} s, ${failed} lookups past their deadline, ` +
      `the slowest call took ${Math.round(load.slowest)} ms`
  )
  client.quit()
  await store.quit()
  await server.stop()
}

main().catch((error) => {
  console.error(`failed: ${error.stack}`)
  process.exit(1)
})
