/** Options of many commands, group by group: each function adds its own to a command. */

const { Option } = require('commander')
const { seconds, whole } = require('./numbers')
const { someFile } = require('./texts')

const OUTPUT = 'Output:'
const WHICH = 'Which pairs:'

const add = (command, group, ...options) => {
  for (const option of options) command.addOption(option.helpGroup(group))
  return command
}

const collect = (value, before = []) => [...before, value]

/** What every command has. */
const screen = (command) =>
  add(
    command,
    OUTPUT,
    new Option('--json', 'print the result as JSON'),
    new Option('--quiet', 'print no progress and no summary, only what is wrong'),
    new Option('--timeout <seconds>', 'give up when nothing was done for so long')
      .default(30)
      .argParser(seconds)
  )

const progress = (command) =>
  add(
    command,
    OUTPUT,
    new Option(
      '--progress <kind>',
      'a bar on a terminal and else a line every 5 s, always the lines, or nothing'
    )
      .choices(['auto', 'log', 'none'])
      .default('auto')
  )

const showIds = (command) =>
  add(
    command,
    OUTPUT,
    new Option('--show-ids', 'print integration ids whole: they are secrets, and masked otherwise')
  )

const yes = (command) =>
  add(command, OUTPUT, new Option('--yes', 'do not ask first; needed where there is no terminal'))

/** One integration. */
const integration = (command) =>
  add(
    command,
    WHICH,
    new Option('--integration <id>', 'whose pair it is').env('KEY_STORE_INTEGRATION')
  )

/** Any number of integrations. */
const integrations = (command) =>
  add(
    command,
    WHICH,
    new Option('--integration <id>', 'an integration; may be given again for more')
      .env('KEY_STORE_INTEGRATION')
      .argParser(collect),
    new Option('--all', 'all integrations: so it is when none is named')
  )

/** Files of pairs. */
const file = (command) =>
  add(
    command,
    'Format:',
    new Option(
      '--format <format>',
      'by default csv for names with .csv or .tsv, else ndjson'
    ).choices(['ndjson', 'csv']),
    new Option('--header', 'CSV: the first line has the names of the columns; so it is by default'),
    new Option('--no-header', 'CSV: the first line is a pair already'),
    new Option(
      '--columns <names>',
      'CSV: the columns in their order, as integrationId,botmaticId,extId; name=theirs for another name in ' +
        'the file, - for a column left out'
    ),
    new Option(
      '--delimiter <text>',
      'CSV: what stands between values; a comma by default, a tab in .tsv'
    )
  )

/** Pairs on their way into a store. */
const transfer = (command) =>
  add(
    command,
    'Saving:',
    new Option(
      '--on-conflict <what>',
      'what is done with a pair one of whose ids has another partner'
    )
      .choices(['fail', 'skip', 'replace'])
      .default('replace'),
    new Option('--dry-run', 'say what would be done, and write nothing'),
    new Option('--batch <pairs>', 'most pairs in one step')
      .default(1_000)
      .argParser(whole(1, 100_000)),
    new Option('--in-flight <batches>', 'most steps at once')
      .default(16)
      .argParser(whole(1, 1_000)),
    new Option('--rate <pairs>', 'most pairs a second; no limit by default').argParser(whole(1)),
    new Option(
      '--resume <file>',
      'keep in this file how far it has come, and go on from there'
    ).argParser(someFile),
    new Option(
      '--max-errors <count>',
      'stop at more rejected pairs than that; never by default'
    ).argParser(whole(0)),
    new Option('--rejects <file>', 'keep the rejected lines in this file').argParser(someFile),
    new Option('--verify', 'look each pair up again after it was saved')
  )

module.exports = {
  add,
  file,
  integration,
  integrations,
  progress,
  screen,
  showIds,
  transfer,
  yes
}
