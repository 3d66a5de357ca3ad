/** `npm run suites`: all of them, or the files named; what begins with a dash is for `node --test`. */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const DIRECTORY = path.join(ROOT, '__test__')
/** That of the library, and that of the command line. */
const DIRECTORIES = [DIRECTORY, path.join(ROOT, 'cli', '__test__')]
const LIMIT = '--test-timeout=300000'

/** These judge how soon something is: each has the machine to itself. */
const ALONE = new Set([
  'cluster-load.test.js',
  'credentials.test.js',
  'embedded-disk.test.js',
  'faults.test.js',
  'late.test.js',
  'network.test.js',
  'quit.test.js',
  'ready.test.js',
  'sentinel.test.js',
  'shortage.test.js',
  'silence.test.js',
  'trouble.test.js'
])

const words = process.argv.slice(2)
const options = words.filter((word) => word.startsWith('-'))
const named = words.filter((word) => !word.startsWith('-'))
const files =
  named.length > 0
    ? named
    : DIRECTORIES.flatMap((folder) =>
        fs
          .readdirSync(folder)
          .filter((name) => name.endsWith('.test.js'))
          .map((name) => path.join(folder, name))
      )
const paths = files.map((file) => (fs.existsSync(file) ? file : path.join(DIRECTORY, file)))

/** So many files at once: most wait for a server, so that one for each core leaves none idle. */
const run = (some, atOnce) => {
  if (some.length === 0) return
  const args = ['--test', LIMIT, `--test-concurrency=${atOnce}`, ...options, ...some]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exitCode = status ?? 1
}

const isAlone = (file) => ALONE.has(path.basename(file))
run(
  paths.filter((file) => !isAlone(file)),
  os.availableParallelism()
)
run(paths.filter(isAlone), 1)
