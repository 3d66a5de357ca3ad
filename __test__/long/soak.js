/**
 * `npm run soak [-- <seconds>]`: load with random faults between store and server, ten minutes by
 * default, a line every ten seconds and a verdict. SEED repeats a run's faults.
 */

const { runSchedule } = require('../support/schedule')

/** What the resident size may move by in MB, beside what the load itself notes of each call. */
const ALLOWED = 32
const NOTED_BYTES = 20

const seconds = Number(process.argv[2] ?? 600)
const seed = Number(process.env.SEED) || Date.now() % 2 ** 31

const report = ({ seconds, calls, failed, faults, slowestRecovery, mib }) =>
  console.log(
    `${seconds} s: ${calls} calls, ${failed} lookups past their deadline, ${faults} faults, ` +
      `slowest recovery ${slowestRecovery} ms, resident ${mib.toFixed(1)} MB`
  )

const main = async () => {
  if (!(seconds > 0)) throw new Error('say for how many seconds: npm run soak -- 60')
  console.log(`${seconds} s of load with random faults, SEED=${seed}`)
  const { grown, ...came } = await runSchedule({ seed, ms: seconds * 1000, report })
  console.log(came)
  const allowed = ALLOWED + (came.calls * NOTED_BYTES) / 2 ** 20
  if (grown > allowed) throw new Error(`the resident size grew by ${grown.toFixed(1)} MB`)
  console.log(
    `passed: nothing lost, nothing hung, the resident size moved by ${grown.toFixed(1)} MB`
  )
}

main().catch((error) => {
  console.error(`failed: ${error.stack}`)
  process.exitCode = 1
})
