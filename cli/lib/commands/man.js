/** `key-store man`: the manual page. */

const { manual } = require('../docs/manual')
const { EXIT } = require('../trouble')

const build = (define) => define('man').description('print the manual page, for man -l -')

const run = async (job, _options, _args, command) => {
  await job.screen.print(manual(command.parent))
  return EXIT.done
}

const examples = ['key-store man | man -l -']

module.exports = { build, examples, run }
