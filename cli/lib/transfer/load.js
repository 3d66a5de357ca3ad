/** Loads a source of batches into a store, as the options of `import` and `copy` say. */

const { checkpointOf } = require('./checkpoint')
const { keepApart } = require('../files/apart')
const { Rejects } = require('./rejects')
const { Saver } = require('./saver')
const { Transfer } = require('./transfer')
const { number, span } = require('../screen/progress')
const { EXIT, Lost, usage } = require('../trouble')

/** Of the seconds of `--rate`: so small are batches that it is kept evenly. */
const TENTH = 10

const FIRST = { pairs: 0, saved: 0, skipped: 0, conflicts: 0, rejected: 0 }

/** Most pairs of a batch. */
const batchOf = ({ batch, rate }) => (rate ? Math.min(batch, Math.ceil(rate / TENTH)) : batch)

const sentence = ({ counts, unproven, seconds }, options, done) => {
  const { conflicts, rejected, saved, skipped } = counts
  const parts = [
    options.dryRun
      ? `${number(saved)} pairs would be ${done}`
      : `${done} ${number(saved)} pairs in ${span(seconds)}`
  ]
  if (skipped > 0) parts.push(`${number(skipped)} skipped`)
  if (options.dryRun && options.onConflict === 'replace' && conflicts > 0) {
    parts.push(`${number(conflicts)} of them over others`)
  }
  if (rejected > 0) parts.push(`${number(rejected)} rejected`)
  if (unproven > 0) parts.push(`${number(unproven)} halves are not as they were saved`)
  else if (options.verify) parts.push('looked up again and found')
  return parts.join(', ')
}

/**
 * @param {import('../job').Job} job
 * @param {import('../store/store').Store} target
 * @param {object} options of the command
 * @param {object} work
 * @param {string} work.done what is done with pairs: `imported`
 * @param {object} work.origin what a resume file is of, by name
 * @param {(from: object | undefined, size: number) => {head?: string, batches: () => AsyncIterable<object>}}
 *   work.open opens the source, where an earlier run left off
 * @returns {Promise<number>} the exit code
 */
const load = async (job, target, options, { done, origin, open }) => {
  if (options.dryRun && (options.resume || options.verify)) {
    throw usage('--dry-run writes nothing: leave --resume and --verify out')
  }
  keepApart(
    { '--rejects': options.rejects, '--resume': options.resume },
    { 'the file to import': origin.file, ...job.files }
  )
  const checkpoint = checkpointOf(options, origin, target)
  const from = checkpoint?.from
  const rejects = options.rejects && !options.dryRun && new Rejects(options.rejects, from?.rejects)
  const source = open(from, batchOf(options))
  const before = from?.counts ?? FIRST
  const sum = (counts) =>
    Object.fromEntries(Object.keys(FIRST).map((name) => [name, before[name] + counts[name]]))
  const saver = new Saver(target, options)
  const transfer = new Transfer(job, saver, {
    target,
    inFlight: options.inFlight,
    rate: options.rate,
    maxErrors: options.maxErrors === undefined ? undefined : options.maxErrors - before.rejected,
    rejects,
    isProven: options.verify,
    head: () => source.head,
    sample: from?.sample,
    reached: (end, counts, sample) => {
      job.screen.update(counts.pairs, end?.part)
      if (!checkpoint || !end?.resume) return
      const state = { ...end.resume, counts: sum(counts), rejects: rejects?.size, sample }
      checkpoint.reach(state, () => rejects?.sync())
    }
  })
  job.advice = () => adviceOf(options, done, transfer.counts)
  if (from) job.screen.note(`goes on after ${number(from.counts.pairs)} pairs`)
  const began = performance.now()
  job.screen.start(`pairs ${done}`)
  try {
    await transfer.run(source.batches())
    checkpoint?.remove()
  } catch (error) {
    if (error instanceof Lost) {
      // What is missing may lie before any point that was reached.
      checkpoint?.remove()
      job.advice = () => 'Run the same command again, which begins anew'
    }
    throw error
  } finally {
    checkpoint?.save()
    rejects?.close()
  }
  const result = {
    counts: sum(transfer.counts),
    unproven: transfer.unproven,
    seconds: (performance.now() - began) / 1_000
  }
  const { counts, unproven, seconds } = result
  const { conflicts, ...others } = counts
  await job.screen.summarize(
    {
      ...others,
      // Pairs that are saved over others are not compared with them.
      ...(saver.isSerial && { conflicts }),
      ...(options.verify && { unverified: unproven }),
      seconds
    },
    sentence(result, options, done)
  )
  return counts.rejected > 0 || unproven > 0 ? EXIT.different : EXIT.done
}

const adviceOf = ({ dryRun, resume }, done, { saved }) => {
  if (dryRun) return 'Nothing was written'
  const far = `${number(saved)} pairs were ${done}`
  return resume
    ? `${far} by this run. To go on from there, run the same command again`
    : `${far}. Run the same command again: what is there stays, the rest comes; with --resume FILE it would ` +
        'go on where it ended'
}

module.exports = { load }
