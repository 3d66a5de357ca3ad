/** `key-store count`: how many pairs there are. */

const { oneStore } = require('../options/address')
const { integrations, screen } = require('../options/common')
const { selected } = require('../options/selection')
const { countPairs } = require('../store/walk')
const { EXIT } = require('../trouble')

const build = (define) =>
  screen(integrations(oneStore(define('count').description('print how many pairs there are'))))

const run = async (job, options, _args, command) => {
  const wanted = selected(options, command)
  const target = job.open(options)
  const pairs = await countPairs(job, target, wanted)
  await job.screen.print(job.screen.isJson ? `${JSON.stringify({ pairs })}\n` : `${pairs}\n`)
  return EXIT.done
}

const examples = ['key-store count --integration my-integration', 'key-store count --all']

module.exports = { build, examples, run }
