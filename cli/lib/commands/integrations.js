/** `key-store integrations`: which there are, and how many pairs each has. */

const { oneStore } = require('../options/address')
const { screen, showIds } = require('../options/common')
const { masked, printable } = require('../screen/mask')
const { number } = require('../screen/progress')
const { countsOf } = require('../store/walk')
const { EXIT } = require('../trouble')

const build = (define) => {
  const command = define('integrations').description(
    'list the integrations and how many pairs each has'
  )
  return screen(showIds(oneStore(command)))
}

const run = async (job, options) => {
  const shown = options.showIds ? (id) => id : masked
  let total = 0
  for (const [integrationId, pairs] of await countsOf(job, job.open(options))) {
    total += pairs
    const id = shown(integrationId)
    await job.screen.print(
      job.screen.isJson
        ? `${JSON.stringify({ integrationId: id, pairs })}\n`
        : `${number(pairs).padStart(15)}  ${printable(id)}\n`
    )
  }
  if (!job.screen.isJson && !options.quiet) {
    await job.screen.print(`${number(total).padStart(15)}  pairs in all\n`)
  }
  return EXIT.done
}

const examples = ['key-store integrations', 'key-store integrations --show-ids --json']

module.exports = { build, examples, run }
