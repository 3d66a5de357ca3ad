/** `key-store export`: pairs into a file. */

const path = require('node:path')
const { Option } = require('commander')
const { keepApart } = require('../files/apart')
const { Output } = require('../files/output')
const { Sorter } = require('../files/sorter')
const { temporaryFolder } = require('../files/temporary')
const { trailerLine } = require('../files/trailer')
const { CsvWriter } = require('../formats/csv-writer')
const { ndjsonLine } = require('../formats/ndjson')
const { oneStore } = require('../options/address')
const { add, file, integrations, progress, screen } = require('../options/common')
const { formatOf } = require('../options/format')
const { selected } = require('../options/selection')
const { someFile } = require('../options/texts')
const { number, span } = require('../screen/progress')
const { countPairs, walk } = require('../store/walk')
const { EXIT, usage } = require('../trouble')

/** Pairs that are told of, or written, at once. */
const PAGE = 500

const build = (define) => {
  const command = define('export')
    .description('write pairs to a file, with a last line of their count and checksum')
    .argument(
      '<file>',
      'where to; packed when its name ends in .gz; - for the standard output',
      someFile
    )
  add(
    file(integrations(command)),
    'Format:',
    new Option('--unsorted', 'in the order in which pairs are found, without temporary files')
  )
  return screen(progress(oneStore(command)))
}

/** What stands in the file for blocks of NDJSON lines. */
const writerOf = (format) => {
  if (format.format === 'ndjson') {
    return { head: '', text: (lines) => lines.map((line) => `${line}\n`).join('') }
  }
  const writer = new CsvWriter(format)
  return {
    head: format.header ? writer.header() : '',
    text: (lines) => writer.rows(lines.map((line) => JSON.parse(line)))
  }
}

/** The lines of all pairs, in blocks, as they are found. */
async function* found(job, target, wanted, onPairs) {
  let lines = []
  let count = 0
  for await (const pair of walk(job, target, wanted)) {
    lines.push(ndjsonLine(...pair))
    if (lines.length < PAGE) continue
    onPairs((count += lines.length))
    yield lines
    lines = []
  }
  onPairs(count + lines.length)
  yield lines
}

/** The same, sorted. */
async function* sorted(job, blocks, folder) {
  const sorter = new Sorter(folder)
  try {
    for await (const block of blocks) for (const line of block) sorter.add(line)
    job.screen.stop()
    job.screen.start('pairs written')
    for (const block of sorter.blocks()) yield block
  } finally {
    sorter.close()
  }
}

const run = async (job, options, [name], command) => {
  const wanted = selected(options, command)
  const format = formatOf(name, options)
  const isNamed = !format.columns || format.columns.some((each) => each.name === 'integrationId')
  if (!isNamed && wanted?.length !== 1) {
    throw usage(
      '--columns without integrationId is for one integration: name it with --integration'
    )
  }
  const target = job.open(options)
  keepApart({ 'the file to write': name }, job.files)
  const output = new Output(name)
  const isTaken = name === '-'
  const began = performance.now()
  let pairs = 0
  try {
    const writer = writerOf(format)
    const total = job.screen.wantsTotal ? await countPairs(job, target, wanted) : undefined
    const tell = (count) => {
      job.touch()
      job.check()
      job.screen.update(count, total && Math.min(1, count / total))
    }
    job.wait(target.name)
    job.screen.start(options.unsorted ? 'pairs written' : 'pairs read')
    const blocks = found(job, target, wanted, options.unsorted ? () => {} : tell)
    const folder = isTaken ? path.join(temporaryFolder(), 'sort') : `${name}.part.sort`
    await output.write(writer.head)
    for await (const block of options.unsorted ? blocks : sorted(job, blocks, folder)) {
      await job.within(output.write(writer.text(block)))
      tell((pairs += block.length))
    }
    await output.write(trailerLine(format.format, { pairs, sha256: output.sha256, ...format }))
    await output.finish()
  } catch (error) {
    output.discard()
    throw error
  }
  const seconds = (performance.now() - began) / 1_000
  const { sha256, bytes } = output
  await job.screen.summarize(
    { pairs, bytes, sha256, seconds },
    `exported ${number(pairs)} pairs to ${output.name} in ${span(seconds)}`,
    isTaken
  )
  return EXIT.done
}

const examples = [
  'key-store export --all backup.ndjson.gz',
  'key-store export --integration my-integration pairs.csv',
  'key-store export --all - | ssh elsewhere key-store import -'
]

module.exports = { build, examples, run }
