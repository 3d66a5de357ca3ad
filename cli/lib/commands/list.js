/** `key-store list`: the pairs, one a line. */

const { Option } = require('commander')
const { oneStore } = require('../options/address')
const { add, integrations, screen, showIds } = require('../options/common')
const { whole } = require('../options/numbers')
const { selected } = require('../options/selection')
const { ndjsonLine } = require('../formats/ndjson')
const { masked, printable } = require('../screen/mask')
const { walk } = require('../store/walk')
const { EXIT } = require('../trouble')

/** Pairs that are printed at once. */
const PAGE = 1_000

const build = (define) => {
  const command = define('list').description(
    'print pairs, one a line: integration id, botmatic id and external id with tabs between'
  )
  integrations(command)
  add(
    command,
    'Which pairs:',
    new Option('--limit <pairs>', 'no more than so many').argParser(whole(1))
  )
  return screen(showIds(oneStore(command)))
}

const run = async (job, options, _args, command) => {
  const wanted = selected(options, command)
  const { limit = Number.POSITIVE_INFINITY, showIds: isShown } = options
  const target = job.open(options)
  const { isJson } = job.screen
  let lines = []
  let count = 0
  const flush = async () => {
    await job.screen.print(lines.map((line) => `${line}\n`).join(''))
    lines = []
    job.touch()
  }
  for await (const [integrationId, botmaticId, extId] of walk(job, target, wanted)) {
    const id = isShown ? integrationId : masked(integrationId)
    lines.push(
      isJson ? ndjsonLine(id, botmaticId, extId) : [id, botmaticId, extId].map(printable).join('\t')
    )
    if (lines.length === PAGE) await flush()
    if (++count === limit) break
  }
  await flush()
  return EXIT.done
}

const examples = [
  'key-store list --integration my-integration --limit 10',
  'key-store list --all --json | wc -l'
]

module.exports = { build, examples, run }
