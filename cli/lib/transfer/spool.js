/**
 * A copy that can be resumed: a walk finds pairs in another order each time, so they are first kept in a
 * file beside the resume file.
 */

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const { Input } = require('../files/input')
const { Output } = require('../files/output')
const { trailerLine } = require('../files/trailer')
const { ndjsonLine } = require('../formats/ndjson')
const { walk } = require('../store/walk')
const { checkpointOf, signatureOf } = require('./checkpoint')
const { load } = require('./load')
const { Source } = require('./source')

/** Pairs that are written at once. */
const PAGE = 2_000

const write = async (job, from, wanted, path) => {
  const output = new Output(path)
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

/** Copies with `--resume`; gives the exit code. */
const spooled = async (job, from, to, wanted, options) => {
  const origin = { from: from.name }
  checkpointOf(options, origin, to)
  // By what it is of: a leftover of another copy is not taken for this one's.
  const hash = createHash('sha256').update(`${from.name}\n${to.name}\n${signatureOf(options)}`)
  const path = `${options.resume}.${hash.digest('hex').slice(0, 16)}.pairs`
  if (!fs.existsSync(path)) {
    job.screen.start('pairs read')
    await write(job, from, wanted, path)
    job.screen.stop()
  }
  const input = new Input(path)
  const exit = await load(job, to, options, {
    done: 'copied',
    origin,
    open: (at, batch) => {
      const source = new Source(input, {
        format: { format: 'ndjson' },
        batch,
        isChecked: false,
        isResumable: true,
        from: at
      })
      return {
        batches: () => source.batches(job),
        partOf: ({ offset }) => source.partOf(offset)
      }
    }
  })
  fs.rmSync(path, { force: true })
  return exit
}

module.exports = { spooled }
