/** `key-store backup`: a copy of an embedded file. */

const { oneStore } = require('../options/address')
const { screen } = require('../options/common')
const { ofFile } = require('../options/file-only')
const { EXIT } = require('../trouble')

const build = (define) =>
  screen(
    oneStore(
      define('backup')
        .description('copy the file of an embedded store')
        .argument('<file>', 'the copy, which must not be there yet')
    )
  )

const run = async (job, options, [file]) => {
  const { store, name } = ofFile(job.open(options), 'backup')
  job.pause()
  await job.within(store.backup(file))
  await job.screen.summarize({ file }, `copied ${name} to ${file}`)
  return EXIT.done
}

const examples = ['key-store backup --url file:./pairs.redb pairs-backup.redb']

module.exports = { build, examples, run }
