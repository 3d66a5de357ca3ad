/** `key-store backup`: a copy of an embedded file. */

const fs = require('node:fs')
const { checkPlace } = require('../files/place')
const { oneStore } = require('../options/address')
const { screen } = require('../options/common')
const { ofFile } = require('../options/file-only')
const { someFile } = require('../options/texts')
const { EXIT, usage } = require('../trouble')

const build = (define) =>
  screen(
    oneStore(
      define('backup')
        .description('copy the file of an embedded store')
        .argument('<file>', 'the copy, which must not be there yet', someFile)
    )
  )

const run = async (job, options, [file]) => {
  const { store, name } = ofFile(job.open(options), 'backup')
  if (fs.existsSync(file)) throw usage(`${file} is there already; name another`)
  checkPlace(file)
  job.pause()
  await job.within(store.backup(file))
  await job.screen.summarize({ file }, `copied ${name} to ${file}`)
  return EXIT.done
}

const examples = ['key-store backup --url file:./pairs.redb pairs-backup.redb']

module.exports = { build, examples, run }
