/** The manual, made of the commands: `node cli/lib/man.js` writes cli/man/key-store.1. */

const fs = require('node:fs')
const path = require('node:path')
const { COMMANDS, EXITS, makeProgram } = require('./program')
const own = require('../package.json')

const plain = (text) =>
  text.replaceAll('\\', '\\\\').replaceAll('-', '\\-').replace(/^\./gm, '\\&.')

const manual = () => {
  const program = makeProgram(() => {})
  const examples = Object.fromEntries(
    COMMANDS.map(({ words, examples: all }) => [words.split(' ')[0], all])
  )
  const sections = program.commands.map((command) => {
    const usage = `key-store ${command.name()} ${command.usage()}`
    const options = command.options.flatMap(({ flags, description, defaultValue }) => [
      '.TP',
      `.B ${plain(flags)}`,
      plain(
        defaultValue === undefined || typeof defaultValue === 'boolean'
          ? description
          : `${description}; ${defaultValue} by default`
      )
    ])
    const shown = (examples[command.name()] ?? []).flatMap((line) => [
      '.PP',
      '.EX',
      plain(line),
      '.EE'
    ])
    return [`.SS ${plain(usage)}`, plain(command.description()), ...options, ...shown].join('\n')
  })
  return `${[
    `.TH KEY\\-STORE 1 "" "js\\-redis\\-key\\-store\\-cli ${own.version}"`,
    '.SH NAME',
    `key\\-store \\- ${plain(program.description())}`,
    '.SH COMMANDS',
    ...sections,
    '.SH EXIT STATUS',
    plain(EXITS)
  ].join('\n')}\n`
}

if (require.main === module) {
  const folder = path.join(__dirname, '..', 'man')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'key-store.1'), manual())
}

module.exports = { manual }
