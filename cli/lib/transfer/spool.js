/**
 * A copy by a file in between. Pairs are found in another order each time, so one that can be resumed has
 * them beside its resume file; and what is written into the store that is read must not be found there.
 */

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Input } = require('../files/input')
const { Output } = require('../files/output')
const { temporaryFolder } = require('../files/temporary')
const { trailerLine } = require('../files/trailer')
const { ndjsonLine } = require('../formats/ndjson')
const { walk } = require('../store/walk')
const { Lost } = require('../trouble')
const { checkpointOf, signatureOf } = require('./checkpoint')
const { load } = require('./load')
const { Source } = require('./source')

/** Pairs that are written at once. */
const PAGE = 2_000

const write = async (job, from, wanted, file) => {
  const output = new Output(file)
  let pairs = 0
  let lines = ''
  const flush = async () => {
    await job.within(output.write(lines))
    lines = ''
    job.touch()
    job.screen.update(pairs)
  }
  try {
    for await (const pair of walk(job, from, wanted)) {
      lines += `${ndjsonLine(...pair)}\n`
      if (++pairs % PAGE === 0) await flush()
    }
    await flush()
    await output.write(trailerLine('ndjson', { pairs, sha256: output.sha256 }))
    await output.finish()
  } catch (error) {
    output.discard()
    throw error
  }
}

/** Where the pairs are kept: for the next run of the same copy, and no other, when it can be resumed. */
const placeOf = (from, to, options) => {
  if (!options.resume) return path.join(temporaryFolder(), 'pairs')
  const hash = createHash('sha256').update(`${from.name}\n${to.name}\n${signatureOf(options)}`)
  return `${options.resume}.${hash.digest('hex').slice(0, 16)}.pairs`
}

/** Copies so; gives the exit code. */
const spooled = async (job, from, to, wanted, options) => {
  const origin = { from: from.name }
  checkpointOf(options, origin, to)
  const place = placeOf(from, to, options)
  if (!fs.existsSync(place)) {
    job.screen.start('pairs read')
    await write(job, from, wanted, place)
    job.screen.stop()
  }
  const input = new Input(place)
  const remove = () => fs.rmSync(place, { force: true })
  const exit = await load(job, to, options, {
    done: 'copied',
    origin,
    open: (at, batch) => {
      const source = new Source(input, {
        format: { format: 'ndjson' },
        batch,
        isChecked: false,
        isResumable: Boolean(options.resume),
        from: at
      })
      return { batches: () => source.batches(job) }
    }
  }).catch((error) => {
    // It begins anew.
    if (error instanceof Lost) remove()
    throw error
  })
  remove()
  return exit
}

module.exports = { spooled }
