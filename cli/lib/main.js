/** From the arguments to the exit code. */

const v8 = require('node:v8')
const { CommanderError } = require('commander')
const { createProgram } = require('./program')
const { Job } = require('./job')
const { EXIT, Trouble } = require('./trouble')

/** What to print of an error, and the exit code. */
const explained = (error) => {
  if (error instanceof Trouble) return [error.message, error.exit]
  // A failed call: the library's name of it says nothing here.
  if (error?.name === 'KeyStoreError') {
    return [error.message.replace(/^.*? failed: /, ''), EXIT.incomplete]
  }
  // What a file system says.
  if (error?.syscall) return [error.message, EXIT.incomplete]
  return [
    `this is a fault of key-store, please report it: ${error?.stack ?? error}`,
    EXIT.incomplete
  ]
}

const act =
  (run) =>
  async (...given) => {
    const command = given.pop()
    const options = given.pop()
    const job = new Job(options)
    try {
      process.exitCode = await run(job, options, given, command)
    } catch (error) {
      const [message, exit] = explained(error)
      const advice = job.advice && exit === EXIT.incomplete ? `. ${job.advice()}` : ''
      job.screen.error(`${message}${advice}`)
      process.exitCode = exit
    }
    await job.close()
  }

/** Nobody reads on, `head` say: what is left has nowhere to go. */
const onPipe = ({ code }) => {
  if (code !== 'EPIPE') process.stderr.write(`key-store: the output cannot be written: ${code}\n`)
  process.exit(EXIT.incomplete)
}

/** Resolves once a stream has written what it was given. */
const flushed = (stream) => new Promise((resolve) => stream.write('', resolve))

/** @param {string[]} args without the program's own name */
const main = async (args) => {
  // What lists processes shows this instead of arguments that may be secret.
  process.title = 'key-store'
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onPipe)
  // Pairs are garbage a moment after they were read: V8 would let that grow to twice the memory first, and
  // keep 30 MB for what is new.
  v8.setFlagsFromString('--heap-growing-percent=10')
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  try {
    await createProgram(act).parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version are errors to it as well.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
  await Promise.all([process.stdout, process.stderr].map(flushed))
  // Calls that nobody waits for any more would keep the process alive.
  process.exit()
}

module.exports = { main }
