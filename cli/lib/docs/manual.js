/** The manual page, in the language of man(7). */

const { ENVIRONMENT, described } = require('./described')
const { version } = require('../../package.json')

/** Text that troff prints as it is. */
const plain = (text) =>
  text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1')

const quoted = (text) => `"${plain(text).replace(/"/g, '\\(dq')}"`

const term = (text, description) => ['.TP', `.B ${plain(text)}`, plain(description)]

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`

const usageOf = ({ name, arguments: args }) =>
  [
    'key-store',
    name,
    ...args.map((each) => (each.isRequired ? `<${each.name}>` : `[${each.name}]`)),
    '[options]'
  ].join(' ')

const optionLines = ({ flags, description, choices, standard, variable }) => {
  const notes = [
    choices.length > 0 && `one of ${choices.join(', ')}`,
    standard !== undefined && `${standard} by default`,
    variable && `${variable} in the environment`
  ].filter(Boolean)
  return term(flags, `${[sentence(description), ...notes.map(sentence)].join(' ')}`)
}

const groupLines = (options) => {
  const groups = new Map()
  for (const option of options)
    groups.set(option.group, [...(groups.get(option.group) ?? []), option])
  return [...groups].flatMap(([heading, own]) => [
    '.PP',
    `.I ${plain(heading)}`,
    ...own.flatMap(optionLines)
  ])
}

const commandLines = (command) => [
  `.SS ${quoted(usageOf(command))}`,
  plain(sentence(command.description)),
  ...command.arguments.flatMap(({ name, description, choices }) =>
    term(
      `<${name}>`,
      sentence(choices.length > 0 ? `${description}: ${choices.join(', ')}` : description)
    )
  ),
  ...groupLines(command.options),
  '.PP',
  'Examples:',
  '.EX',
  ...command.examples.map(plain),
  '.EE'
]

const variablesOf = (commands) => {
  const options = commands.flatMap((command) => command.options).filter(({ variable }) => variable)
  const own = options.map(({ variable, long }) => [variable, `as --${long}`])
  return { ...Object.fromEntries(own), ...ENVIRONMENT }
}

const FORMATS = [
  'NDJSON has a pair a line: {"integrationId":"…","botmaticId":"…","extId":"…"}. CSV has the same names in its first line.',
  'Ids are texts; in NDJSON numbers will do as well, if they have no more digits than a number can hold.',
  'A file whose name ends in .gz is packed. A byte order mark and CR LF as line ends are read.',
  'An export is written to <file>.part, which is renamed once it is whole. Its pairs are sorted as text, so that the same pairs make the same file.',
  'Its last line has the count of pairs and the SHA-256 of all bytes before it: {"end":{"pairs":2,"sha256":"…"}}, or in CSV a row that begins with #end. ' +
    'An import demands that line, and for a file does so before anything is written; --no-check takes any file.',
  'A line that is no pair is told of with its number, kept as it is in the file of --rejects, and the rest is imported.'
]

const EXITS = [
  ['0', 'done; or the same'],
  ['1', 'different; or some pairs were rejected; or there is no such pair'],
  ['2', 'wrong usage: nothing was done'],
  [
    '3',
    'incomplete: it failed, was ended by a signal, or nothing was done for the time of --timeout'
  ]
]

/** @param {import('commander').Command} program */
const manual = (program) => {
  const commands = described(program)
  return `${[
    `.TH KEY\\-STORE 1 "" "js\\-redis\\-key\\-store\\-cli ${plain(version)}" "User Commands"`,
    '.SH NAME',
    'key\\-store \\- pairs of botmatic and external ids, as js\\-redis\\-key\\-store keeps them',
    '.SH SYNOPSIS',
    '.B key\\-store',
    '.I command',
    '[options]',
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH FILES',
    ...FORMATS.flatMap((text) => [plain(text), '.PP']),
    '.SH ENVIRONMENT',
    ...Object.entries(variablesOf(commands)).flatMap(([name, text]) => term(name, sentence(text))),
    '.SH "EXIT STATUS"',
    ...EXITS.flatMap(([code, text]) => term(code, sentence(text)))
  ].join('\n')}\n`
}

module.exports = { manual }
