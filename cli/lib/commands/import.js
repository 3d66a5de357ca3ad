/** `key-store import`: pairs out of a file. */

const path = require('node:path')
const { Option } = require('commander')
const { Input } = require('../files/input')
const { oneStore } = require('../options/address')
const { add, file, integrations, progress, screen, transfer } = require('../options/common')
const { formatOf } = require('../options/format')
const { selected } = require('../options/selection')
const { someFile } = require('../options/texts')
const { masked } = require('../screen/mask')
const { load } = require('../transfer/load')
const { Source } = require('../transfer/source')
const { EXIT } = require('../trouble')

const build = (define) => {
  const command = define('import')
    .description('save the pairs of a file')
    .argument(
      '<file>',
      'what from; unpacked when its name ends in .gz; - for the standard input',
      someFile
    )
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

/**
 * Which pairs are taken, and whose those are that do not say it.
 * @param {{missing: Set<string>, hasOthers: boolean}} seen wanted integrations without a pair so far, and
 *   whether pairs of others were left out
 */
const choice = (wanted, seen) => {
  if (!wanted) return {}
  const only = new Set(wanted)
  return {
    wants: (integrationId) => {
      const isWanted = only.has(integrationId)
      if (isWanted) seen.missing.delete(integrationId)
      else seen.hasOthers = true
      return isWanted
    },
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
  const seen = { missing: new Set(wanted), hasOthers: false }
  const exit = await load(job, target, options, {
    done: 'imported',
    origin: { file: name === '-' ? name : path.resolve(name) },
    open: (from, batch) => {
      // What was read before is not looked at again.
      if (from) seen.missing.clear()
      const source = new Source(input, {
        format,
        ...choice(wanted, seen),
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
  // A file without any pair is as whole as others.
  if (!seen.hasOthers || seen.missing.size === 0) return exit
  for (const integrationId of seen.missing) {
    job.screen.warn(
      `${input.name} has no pair of integration "${masked(integrationId)}", only of others`
    )
  }
  return EXIT.different
}

const examples = [
  'key-store import backup.ndjson.gz',
  'key-store import contacts.csv --no-check --integration my-integration --columns botmaticId=id,extId=crm_id',
  'key-store import big.ndjson --resume big.resume --rejects big.rejects.ndjson --rate 20000'
]

module.exports = { build, examples, run }
