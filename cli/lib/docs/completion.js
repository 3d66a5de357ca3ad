/** Completion of commands and options, as scripts of shells. */

const { described } = require('./described')

const bash = (commands) => {
  const names = commands.map(({ name }) => name).join(' ')
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ long, choices }) =>
          `    '${name} --${long}') COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); return ;;`
      )
  )
  const words = commands.map(
    ({ name, options, arguments: args }) =>
      `    ${name}) words='${[...options.map(({ long }) => `--${long}`), ...args.flatMap(({ choices }) => choices)].join(' ')}' ;;`
  )
  return `_key_store() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names} --help --version' -- "$cur"))
    return
  fi
  case "$command $prev" in
${values.join('\n')}
  esac
  case "$command" in
${words.join('\n')}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "\${words//--*([^ ])/}" -- "$cur") $(compgen -f -- "$cur")) ;;
  esac
}
shopt -s extglob
complete -o filenames -F _key_store key-store
`
}

const inZsh = (text) => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&')

const zsh = (commands) => {
  const list = commands.map(({ name, description }) => `    '${name}:${inZsh(description)}'`)
  const cases = commands.map(({ name, options, arguments: args }) => {
    const specs = options.map(({ long, description, takesValue, choices }) => {
      const value = choices.length > 0 ? `:value:(${choices.join(' ')})` : ':value:_files'
      return `'--${long}[${inZsh(description)}]${takesValue ? value : ''}'`
    })
    const others = args.flatMap(({ choices }) => choices)
    const rest = others.length > 0 ? `'*:value:(${others.join(' ')})'` : "'*:file:_files'"
    return `    ${name}) _arguments ${[...specs, rest].join(' ')} ;;`
  })
  return `#compdef key-store
_key-store() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _key-store key-store
`
}

const inFish = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`

const fish = (commands) => {
  const line = (condition, rest) => `complete -c key-store -n ${inFish(condition)} ${rest}`
  const lines = commands.flatMap(({ name, description, options, arguments: args }) => {
    const seen = `__fish_seen_subcommand_from ${name}`
    const choices = args.flatMap((argument) => argument.choices)
    return [
      line('__fish_use_subcommand', `-f -a ${name} -d ${inFish(description)}`),
      ...(choices.length > 0 ? [line(seen, `-f -a ${inFish(choices.join(' '))}`)] : []),
      ...options.map((option) => {
        const value =
          option.choices.length > 0 ? ` -x -a ${inFish(option.choices.join(' '))}` : ' -r'
        return line(
          seen,
          `-l ${option.long}${option.takesValue ? value : ''} -d ${inFish(option.description)}`
        )
      })
    ]
  })
  return `${lines.join('\n')}\n`
}

/** What every command has beside its own options. */
const HELP = { long: 'help', description: 'say how it is used', takesValue: false, choices: [] }

const SHELLS = { bash, zsh, fish }

/**
 * @param {import('commander').Command} program
 * @param {keyof typeof SHELLS} shell
 */
const completion = (program, shell) =>
  SHELLS[shell](
    described(program).map((command) => ({ ...command, options: [...command.options, HELP] }))
  )

module.exports = { SHELLS: Object.keys(SHELLS), completion }
