/** `key-store completion`: what a shell needs to complete commands and options. */

const { Argument } = require('commander')
const { SHELLS, completion } = require('../docs/completion')
const { EXIT } = require('../trouble')

const build = (define) =>
  define('completion')
    .description('print a script for a shell, which then completes commands and options')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))

const run = async (job, _options, [shell], command) => {
  await job.screen.print(completion(command.parent, shell))
  return EXIT.done
}

const examples = [
  'key-store completion bash > ~/.local/share/bash-completion/completions/key-store',
  'key-store completion fish > ~/.config/fish/completions/key-store.fish'
]

module.exports = { build, examples, run }
