/** The commands. */

const { Command } = require('commander')
const own = require('../package.json')
const groups = require('./options')
const { Ui } = require('./ui')

const { columns, format, one, option, place, prefixes, progress, said, saving, which, yes } = groups

/** Each: its words, what it does, its options, examples, and what runs it. */
const COMMANDS = [
  {
    words: 'get',
    text: 'prints the other id of a pair',
    options: [
      ...one,
      option('--botmatic <id>', 'its botmatic id'),
      option('--ext <id>', 'its external id')
    ],
    examples: ['key-store get --integration TOKEN --botmatic 123'],
    run: (options, ui) => require('./commands/pair').get(options, ui)
  },
  {
    words: 'set <botmaticId> <extId>',
    text: 'saves a pair',
    options: one,
    examples: ['key-store set --integration TOKEN 123 crm-7'],
    run: (botmaticId, extId, options, ui) =>
      require('./commands/pair').set(botmaticId, extId, options, ui)
  },
  {
    words: 'delete',
    text: 'deletes a pair, or all of an integration',
    options: [
      ...one,
      option('--botmatic <id>', 'its botmatic id'),
      option('--ext <id>', 'its external id'),
      option('--all', 'all pairs of the integration'),
      ...yes
    ],
    examples: [
      'key-store delete --integration TOKEN --botmatic 123',
      'key-store delete --integration TOKEN --all --yes'
    ],
    run: (options, ui) => require('./commands/pair').remove(options, ui)
  },
  {
    words: 'integrations',
    text: 'lists the integrations, and how many pairs each has',
    options: [],
    examples: ['key-store integrations'],
    run: (options, ui) => require('./commands/list').integrations(options, ui)
  },
  {
    words: 'count',
    text: 'counts pairs',
    options: which,
    examples: ['key-store count --all'],
    run: (options, ui) => require('./commands/list').count(options, ui)
  },
  {
    words: 'list',
    text: 'lists pairs',
    options: which,
    examples: ['key-store list --integration TOKEN'],
    run: (options, ui) => require('./commands/list').list(options, ui)
  },
  {
    words: 'export <file>',
    text: 'writes pairs to a file, or with - to the standard output; .gz packs it',
    options: [...which, ...format, ...progress],
    examples: [
      'key-store export --all pairs.ndjson.gz',
      'key-store export --integration TOKEN pairs.csv'
    ],
    run: (file, options, ui) => require('./commands/export').run(file, options, ui)
  },
  {
    words: 'import <file>',
    text: 'saves the pairs of a file, or with - of the standard input',
    options: [
      ...format,
      ...columns,
      option('--integration <id>', 'the integration of a CSV that names none').argParser((id) => [
        id
      ]),
      ...saving,
      option('--no-check', 'takes a file without the line of counts that an export ends with'),
      option('--resume <file>', 'keeps how far it has come, and goes on there'),
      ...progress
    ],
    examples: [
      'key-store import pairs.ndjson.gz --resume import.state',
      'key-store import contacts.csv --no-check --integration TOKEN --columns botmaticId,extId'
    ],
    run: (file, options, ui) => require('./commands/import').run(file, options, ui)
  },
  {
    words: 'copy <from> <to>',
    text: 'saves the pairs of one store in another; each is an address',
    options: [
      ...which,
      ...prefixes,
      ...saving,
      option('--verify', 'compares both afterwards'),
      ...progress
    ],
    examples: ['key-store copy redis://localhost file:./ids.redb --all --verify'],
    run: (from, to, options, ui) => require('./commands/copy').run(from, to, options, ui)
  },
  {
    words: 'verify [from] [to]',
    text: "compares the halves of a store's pairs, or two stores with each other",
    options: [
      ...which,
      ...prefixes,
      option('--quick', 'compares two stores by their counts only'),
      option('--full', 'compares two stores pair by pair, as it does by default'),
      option('--repair', 'writes missing halves where it is plain what they are'),
      ...yes,
      ...progress
    ],
    examples: [
      'key-store verify --all --repair',
      'key-store verify redis://localhost file:./ids.redb --all'
    ],
    run: (from, to, options, ui) => require('./commands/verify').run(from, to, options, ui)
  },
  {
    words: 'compact',
    text: "makes an embedded store's file as small as it can be",
    options: [],
    examples: ['key-store compact --url file:./ids.redb'],
    run: (options, ui) => require('./commands/file').compact(options, ui)
  },
  {
    words: 'backup <to>',
    text: "copies an embedded store's file",
    options: [],
    examples: ['key-store backup --url file:./ids.redb ids-backup.redb'],
    run: (to, options, ui) => require('./commands/file').backup(to, options, ui)
  }
]

const EXITS =
  'Exit codes: 0 done, or the same; 1 different, not found, or some rejected; 2 wrong usage; 3 not done in full.'

/** The program; `ended` hears the exit code of the command that was run. */
const makeProgram = (ended) => {
  const program = new Command('key-store')
    .description('Looks at, moves, checks and repairs the id pairs of integrations.')
    .version(own.version)
    .addHelpText('after', `\n${EXITS}`)
    .exitOverride()
    .showSuggestionAfterError()
  for (const { words, text, options, examples, run } of COMMANDS) {
    const command = program.command(words).description(text).exitOverride()
    for (const each of [...options, ...place, ...said]) command.addOption(each)
    command.addHelpText(
      'after',
      `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}\n\n${EXITS}`
    )
    command.action(async (...given) => {
      // Behind the arguments come the options, and the command itself.
      const options = groups.withEnvironment(given.at(-2))
      ended(await run(...given.slice(0, -2), options, new Ui(options)))
    })
  }
  program
    .command('completion')
    .argument('<shell>')
    .description('prints what completes its commands and options, for bash, zsh or fish')
    .action((shell) => process.stdout.write(require('./completion').script(shell, program)))
  return program
}

module.exports = { COMMANDS, EXITS, makeProgram }
