/** The options of the commands, in groups: help, completion and the manual are made of them. */

const { InvalidArgumentError, Option } = require('commander')
const { defaultUrl } = require('./store')

const whole = (least) => (text) => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least)
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`)
  return number
}

const collect = (value, before = []) => [...before, value]

const option = (flags, text) => new Option(flags, text)

const place = [
  option(
    '--url <address>',
    'where the pairs are: any address of the library, redis-sentinel:, redis-cluster: and file: included; KEY_STORE_URL or REDIS_URL in the environment stand for it'
  ),
  option(
    '--password-file <file>',
    'a file with the password; KEY_STORE_PASSWORD in the environment stands for it. It is on no command line, which others can see'
  ),
  option('--ca <file>', 'certificates to trust, in PEM'),
  option('--cert <file>', 'the own certificate, in PEM'),
  option('--key <file>', 'the key of --cert, in PEM'),
  option('--key-prefix <text>', 'what stands before every key'),
  option('--timeout <seconds>', 'gives up when nothing was done for so long')
    .default(30)
    .argParser(whole(1))
]

const said = [
  option('--json', 'prints JSON'),
  option('--quiet', 'says nothing but errors and data'),
  option('--show-ids', 'shows integration ids in full; they are secret')
]

const which = [
  option('--integration <id>', 'an integration; as often as wanted').argParser(collect),
  option('--all', 'all integrations')
]

const one = [option('--integration <id>', 'the integration').argParser(collect)]

const progress = [
  option(
    '--progress <how>',
    'a bar on a terminal and a line every 5 s elsewhere, the lines, or nothing'
  )
    .choices(['auto', 'log', 'none'])
    .default('auto')
]

const format = [
  option('--format <name>', 'what the file is; by its name otherwise').choices(['ndjson', 'csv']),
  option('--no-header', 'a CSV without a header'),
  option('--delimiter <character>', 'what stands between the fields of a CSV').default(',')
]

const columns = [
  option('--columns <names>', 'the columns of a CSV in their order, such as botmaticId,extId')
]

const saving = [
  option(
    '--on-conflict <what>',
    'when an id of a pair belongs to another pair: reject it, leave it out, or save it all the same'
  )
    .choices(['fail', 'skip', 'replace'])
    .default('replace'),
  option('--dry-run', 'saves nothing, and says what it would'),
  option('--batch <pairs>', 'how many pairs are saved at once').default(4_096).argParser(whole(1)),
  option('--in-flight <batches>', 'how many batches are under way at a time')
    .default(4)
    .argParser(whole(1)),
  option('--rate <pairs>', 'how many pairs a second at most').argParser(whole(1)),
  option('--max-errors <records>', 'gives up when more are rejected').argParser(whole(0)),
  option('--rejects <file>', 'keeps the records that are rejected')
]

const prefixes = [
  option('--from-key-prefix <text>', 'the key prefix of the first store'),
  option(
    '--to-key-prefix <text>',
    'the key prefix of the second store; its password is KEY_STORE_TO_PASSWORD, where that is set'
  )
]

const yes = [option('-y, --yes', 'does not ask')]

/** The options of a command line, with what the environment has to say. */
const withEnvironment = (options) => ({ ...options, url: options.url ?? defaultUrl() })

module.exports = {
  columns,
  format,
  one,
  option,
  place,
  prefixes,
  progress,
  said,
  saving,
  which,
  withEnvironment,
  yes
}
