/** `key-store get`: the other id of a pair. */

const { Option } = require('commander')
const { oneStore } = require('../options/address')
const { add, integration, screen } = require('../options/common')
const { theIntegration } = require('../options/selection')
const { someId } = require('../options/texts')
const { printable } = require('../screen/mask')
const { EXIT, usage } = require('../trouble')

const build = (define) => {
  const command = define('get').description('print the other id of a pair')
  integration(command)
  add(
    command,
    'Which pairs:',
    new Option('--botmatic-id <id>', 'print the external id of this one').argParser(someId),
    new Option('--ext-id <id>', 'print the botmatic id of this one').argParser(someId)
  )
  return screen(oneStore(command))
}

const run = async (job, options) => {
  const { botmaticId, extId } = options
  if ((botmaticId === undefined) === (extId === undefined)) {
    throw usage('give one of --botmatic-id and --ext-id')
  }
  const whose = theIntegration(options)
  const { store } = job.open(options)
  const found = await job.within(
    extId === undefined ? store.getExtId(whose, botmaticId) : store.getBotmaticId(whose, extId)
  )
  const name = extId === undefined ? 'extId' : 'botmaticId'
  if (job.screen.isJson) await job.screen.print(`${JSON.stringify({ [name]: found })}\n`)
  else if (found !== null) {
    await job.screen.print(`${process.stdout.isTTY ? printable(found) : found}\n`)
  } else job.screen.note('there is no such pair')
  return found === null ? EXIT.different : EXIT.done
}

const examples = [
  'key-store get --integration my-integration --botmatic-id 123',
  'key-store get --integration my-integration --ext-id crm-7 --json'
]

module.exports = { build, examples, run }
