/** `key-store compact`: makes an embedded file smaller. */

const { oneStore } = require('../options/address')
const { screen } = require('../options/common')
const { ofFile } = require('../options/file-only')
const { EXIT } = require('../trouble')

const build = (define) =>
  screen(oneStore(define('compact').description('make the file of an embedded store smaller')))

const run = async (job, options) => {
  const { store, name } = ofFile(job.open(options), 'compact')
  job.pause()
  await job.within(store.compact())
  await job.screen.summarize({ compacted: true }, `compacted ${name}`)
  return EXIT.done
}

const examples = ['key-store compact --url file:./pairs.redb']

module.exports = { build, examples, run }
