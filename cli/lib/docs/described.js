/** The commands and their options as completion and manual want them. */

/** The environment that no option tells of. */
const ENVIRONMENT = {
  REDIS_URL: 'the address, where neither --url nor KEY_STORE_URL is given',
  KEY_STORE_PASSWORD: 'the password of the store, before one in its address',
  KEY_STORE_FROM_PASSWORD: 'that of FROM, of copy and verify',
  KEY_STORE_TO_PASSWORD: 'that of TO, of copy and verify',
  NO_COLOR: 'set to anything, no colours'
}

const optionOf = (option) => ({
  long: option.long.slice(2),
  flags: option.flags,
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? [],
  description: option.description,
  standard:
    option.negate || option.defaultValue === undefined ? undefined : String(option.defaultValue),
  variable: option.envVar,
  group: option.helpGroupHeading
})

/** @param {import('commander').Command} program */
const described = (program) =>
  program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      isRequired: argument.required,
      choices: argument.argChoices ?? []
    })),
    options: command.options.map(optionOf),
    examples: command.examples
  }))

module.exports = { ENVIRONMENT, described }
