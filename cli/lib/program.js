/** The commands and their options: what is parsed, helped with, completed and printed as a manual. */

const { Command } = require('commander')
const { version } = require('../package.json')

const COMMANDS = [
  require('./commands/get'),
  require('./commands/set'),
  require('./commands/delete'),
  require('./commands/integrations'),
  require('./commands/count'),
  require('./commands/list'),
  require('./commands/export'),
  require('./commands/import'),
  require('./commands/copy'),
  require('./commands/verify'),
  require('./commands/compact'),
  require('./commands/backup'),
  require('./commands/completion'),
  require('./commands/man'),
  require('./commands/help')
]

/**
 * @param {(run: (job: import('./job').Job, options: object, args: string[], command: Command) =>
 *   Promise<number>) => (...args: unknown[]) => Promise<void>} act makes an action of a command's function
 */
const createProgram = (act) => {
  const program = new Command('key-store')
    .description('Pairs of botmatic and external ids, as js-redis-key-store keeps them.')
    .version(version)
    .showHelpAfterError('(key-store --help, or key-store <command> --help, says more)')
    .showSuggestionAfterError()
    .helpCommand(false)
    .exitOverride()
  // An address that stands where no argument is looked for may have a password.
  const hidden = (text) => text.replace(/\/\/[^\s'/]*@/g, '//')
  program.configureOutput({ outputError: (text, write) => write(hidden(text)) })
  program.configureHelp({ sortSubcommands: false })
  for (const { build, run, examples } of COMMANDS) {
    // One that takes the settings of the program with it.
    const command = build((name) => program.command(name))
    command.examples = examples
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
    command.action(act(run))
  }
  return program
}

module.exports = { createProgram }
