/** `key-store import`: pairs out of a file. */

const path = require('node:path')
const { Option } = require('commander')
const { Input } = require('../files/input')
const { oneStore } = require('../options/address')
const { add, file, integrations, progress, screen, transfer } = require('../options/common')
const { formatOf } = require('../options/format')
const { selected } = require('../options/selection')
const { load } = require('../transfer/load')
const { Source } = require('../transfer/source')

const build = (define) => {
  const command = define('import')
    .description('save the pairs of a file')
    .argument('<file>', 'what from; unpacked when its name ends in .gz; - for the standard input')
  add(
    file(integrations(command)),
    'Format:',
    new Option(
      '--no-check',
      'take a file without the last line of an export, or one that was changed since'
    )
  )
  return screen(progress(oneStore(transfer(command))))
}

/** Which pairs are taken, and whose those are that do not say it. */
const choice = (wanted) => {
  if (!wanted) return {}
  const only = new Set(wanted)
  return {
    wants: (integrationId) => only.has(integrationId),
    integrationId: wanted.length === 1 ? wanted[0] : undefined
  }
}

const run = async (job, options, [name], command) => {
  const wanted = selected(options, command)
  const format = formatOf(name, options)
  const input = new Input(name)
  const target = job.make(options)
  // A file is checked before anything is written.
  if (options.check && input.isFile) await input.check(job)
  return load(job, target, options, {
    done: 'imported',
    origin: { file: name === '-' ? name : path.resolve(name) },
    open: (from, batch) => {
      const source = new Source(input, {
        format,
        ...choice(wanted),
        batch,
        isChecked: options.check && !input.isFile,
        isResumable: Boolean(options.resume),
        from
      })
      return {
        get head() {
          return source.head
        },
        batches: () => source.batches(job)
      }
    }
  })
}

const examples = [
  'key-store import backup.ndjson.gz',
  'key-store import contacts.csv --no-check --integration my-integration --columns botmaticId=id,extId=crm_id',
  'key-store import big.ndjson --resume big.resume --rejects big.rejects.ndjson --rate 20000'
]

module.exports = { build, examples, run }
