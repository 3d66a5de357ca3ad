/** `key-store help`: how a command is used. */

const { EXIT, usage } = require('../trouble')

const build = (define) =>
  define('help')
    .description('say how a command is used')
    .argument('[command]', 'which one; without one, what commands there are')

const run = async (_job, _options, [name], { parent }) => {
  const command = name === undefined ? parent : parent.commands.find((each) => each.name() === name)
  if (!command) throw usage(`there is no command "${name}"; key-store --help lists those there are`)
  command.outputHelp()
  return EXIT.done
}

const examples = ['key-store help import']

module.exports = { build, examples, run }
