/** `key-store delete`: one pair, or all of an integration. */

const { Option } = require('commander')
const { oneStore } = require('../options/address')
const { add, integration, screen, showIds, yes } = require('../options/common')
const { theIntegration } = require('../options/selection')
const { someId } = require('../options/texts')
const { confirm } = require('../screen/confirm')
const { masked } = require('../screen/mask')
const { EXIT, usage } = require('../trouble')

const build = (define) => {
  const command = define('delete').description('delete a pair, or all pairs of an integration')
  integration(command)
  add(
    command,
    'Which pairs:',
    new Option('--botmatic-id <id>', 'the pair of this botmatic id').argParser(someId),
    new Option(
      '--ext-id <id>',
      'the pair of this external id; with --botmatic-id, exactly that pair'
    ).argParser(someId),
    new Option('--all', 'all pairs of the integration')
  )
  return screen(yes(showIds(oneStore(command))))
}

/** Both ids of the pair, which the store has to tell; `undefined` when there is none. */
const pairOf = async (store, whose, { botmaticId, extId }) => {
  const [foundExt, foundBotmatic] = await Promise.all([
    botmaticId === undefined ? null : store.getExtId(whose, botmaticId),
    extId === undefined ? null : store.getBotmaticId(whose, extId)
  ])
  const pair = [botmaticId ?? foundBotmatic, extId ?? foundExt]
  // Given both, halves of two other pairs are not to be taken for one.
  const isOne = foundExt === pair[1] || (foundExt === null && foundBotmatic === pair[0])
  return isOne && !pair.includes(null) ? pair : undefined
}

const run = async (job, options) => {
  const { botmaticId, extId, all } = options
  const isOne = botmaticId !== undefined || extId !== undefined
  if (isOne === Boolean(all)) throw usage('give --botmatic-id or --ext-id, or else --all')
  const whose = theIntegration(options)
  const shown = options.showIds ? whose : masked(whose)
  const target = job.open(options)
  const { store, name } = target
  if (all) {
    await confirm(job, `Delete all pairs of integration "${shown}" in ${name}?`)
    await job.during(target, store.deleteAllIds(whose))
    await job.screen.summarize({ deleted: true }, `deleted all pairs of integration "${shown}"`)
    return EXIT.done
  }
  const pair = await job.within(pairOf(store, whose, options))
  if (!pair) {
    await job.screen.summarize({ deleted: false }, 'there is no such pair')
    return EXIT.different
  }
  await confirm(job, `Delete the pair ${pair.join(' - ')} of integration "${shown}" in ${name}?`)
  const deleted = await job.within(store.deleteIds(whose, ...pair))
  const text = deleted ? 'deleted' : 'there was no such pair, or only a half of it, which is gone'
  await job.screen.summarize({ deleted }, text)
  return deleted ? EXIT.done : EXIT.different
}

const examples = [
  'key-store delete --integration my-integration --botmatic-id 123',
  'key-store delete --integration my-integration --all --yes'
]

module.exports = { build, examples, run }
