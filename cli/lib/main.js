/** Runs a command line, and ends the process with its exit code. */

const { CommanderError } = require('commander')
const { CODES, exitCodeOf } = require('./exit')
const { makeProgram } = require('./program')
const { fail } = require('./ui')

/** Nobody reads what is printed any more: a pipe to `head`, say. */
const onPipe = (error) => {
  if (error.code === 'EPIPE') process.exit(CODES.incomplete)
  throw error
}

/** @param {string[]} words the command line, without the program */
const main = async (words) => {
  process.stdout.on('error', onPipe)
  let code = CODES.done
  try {
    await makeProgram((own) => (code = own)).parseAsync(words, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      code = error.exitCode === 0 ? CODES.done : CODES.usage
    } else {
      fail(error)
      code = exitCodeOf(error)
    }
  }
  process.exitCode = code
  // What a store that hangs holds back must not hold the process.
  setTimeout(() => process.exit(), 3_000).unref()
}

module.exports = { main }
