/** Scripts that complete commands and options in a shell. */

const { UsageError } = require('./exit')

/** Commands by their names, with their options. */
const wordsOf = (program) =>
  program.commands.map((command) => ({
    name: command.name(),
    text: command.description(),
    options: command.options.map(({ long, description }) => ({ long, text: description }))
  }))

const bash = (words) => `_key_store() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  local options=""
  case "\${COMP_WORDS[1]}" in
${words.map(({ name, options }) => `    ${name}) options="${options.map(({ long }) => long).join(' ')}" ;;`).join('\n')}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _key_store key-store
`

const zsh = (words) => `#compdef key-store
autoload -U +X bashcompinit && bashcompinit
${bash(words)}`

const quoted = (text) => `'${text.replaceAll("'", "\\'")}'`

const fish = (words) =>
  words
    .flatMap(({ name, text, options }) => [
      `complete -c key-store -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`,
      ...options.map(
        (option) =>
          `complete -c key-store -n '__fish_seen_subcommand_from ${name}' -l ${option.long.slice(2)} -d ${quoted(option.text)}`
      )
    ])
    .map((line) => `${line}\n`)
    .join('')

const SHELLS = { bash, zsh, fish }

const script = (shell, program) => {
  if (!Object.hasOwn(SHELLS, shell))
    throw new UsageError(
      `no completion for ${shell}; there is one for ${Object.keys(SHELLS).join(', ')}`
    )
  return SHELLS[shell](wordsOf(program))
}

module.exports = { script }
