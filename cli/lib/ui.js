/** What a command says, and what it asks. Data goes to the standard output, all else to the standard error. */

const readline = require('node:readline/promises')
const colours = require('picocolors')
const { UsageError } = require('./exit')

class Ui {
  #options

  constructor(options) {
    this.#options = options
  }

  /** A line of data. */
  print(value, text) {
    process.stdout.write(`${this.#options.json ? JSON.stringify(value) : text}\n`)
  }

  /** What it came to: with `--json` an object, on the standard error where the other has the data. */
  result(value, text, hasData = false) {
    const stream = hasData ? process.stderr : process.stdout
    if (this.#options.json) stream.write(`${JSON.stringify(value)}\n`)
    else if (!this.#options.quiet) stream.write(`${text}\n`)
  }

  /** A remark, that nobody needs. */
  note(text) {
    if (!this.#options.quiet) process.stderr.write(`${colours.dim(text)}\n`)
  }

  /** What is amiss, and does not end the command. */
  tell = (text) => {
    process.stderr.write(`${colours.yellow(text)}\n`)
  }

  /** Asks before something is changed that cannot be brought back. */
  async confirm(what, { yes }) {
    if (yes) return
    if (!process.stdin.isTTY)
      throw new UsageError(`this would ${what}: say --yes, since nobody can be asked here`)
    const asked = readline.createInterface({ input: process.stdin, output: process.stderr })
    const answer = await asked.question(`This will ${what}. Go on? [y/N] `)
    asked.close()
    if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('nothing was done')
  }
}

/** What a command failed with. */
const fail = (error) => {
  const [sentence, ...others] = error.message.split('\n')
  process.stderr.write(`${colours.red(`key-store: ${sentence}`)}\n`)
  for (const other of others) process.stderr.write(`${other}\n`)
}

module.exports = { Ui, fail }
