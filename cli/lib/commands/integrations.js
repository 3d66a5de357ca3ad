/** `key-store integrations`: which there are, and how many pairs each has. */

const { oneStore } = require('../options/address')
const { screen, showIds } = require('../options/common')
const { masked, printable } = require('../screen/mask')
const { number } = require('../screen/progress')
const { EXIT } = require('../trouble')

const build = (define) => {
  const command = define('integrations').description(
    'list the integrations and how many pairs each has'
  )
  return screen(showIds(oneStore(command)))
}

const run = async (job, options) => {
  const { store } = job.open(options)
  const { signal } = job
  const shown = options.showIds ? (id) => id : masked
  let total = 0
  for await (const { integrationId, pairs } of job.each(
    store.integrations({ signal, onProgress: () => job.touch() })
  )) {
    total += pairs
    const id = shown(integrationId)
    await job.screen.print(
      job.screen.isJson
        ? `${JSON.stringify({ integrationId: id, pairs })}\n`
        : `${number(pairs).padStart(15)}  ${printable(id)}\n`
    )
    job.touch()
  }
  if (!job.screen.isJson && !options.quiet) {
    await job.screen.print(`${number(total).padStart(15)}  pairs in all\n`)
  }
  return EXIT.done
}

const examples = ['key-store integrations', 'key-store integrations --show-ids --json']

module.exports = { build, examples, run }
