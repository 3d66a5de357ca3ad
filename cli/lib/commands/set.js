/** `key-store set`: saves one pair. */

const { oneStore } = require('../options/address')
const { integration, screen } = require('../options/common')
const { theIntegration } = require('../options/selection')
const { someId } = require('../options/texts')
const { EXIT } = require('../trouble')

const build = (define) => {
  const command = define('set')
    .description('save a pair; both look-ups find it from then on')
    .argument('<botmatic-id>', "the contact's id in botmatic", someId)
    .argument('<ext-id>', 'its id in the external service', someId)
  integration(command)
  return screen(oneStore(command))
}

const run = async (job, options, [botmaticId, extId]) => {
  const whose = theIntegration(options)
  const { store } = job.make(options)
  await job.within(store.saveIds(whose, botmaticId, extId))
  await job.screen.summarize({ saved: 1 }, 'saved')
  return EXIT.done
}

const examples = ['key-store set --integration my-integration 123 crm-7']

module.exports = { build, examples, run }
