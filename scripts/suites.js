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
/** Most wait for a server, so that a file for each core leaves none idle. */
const FILES = `--test-concurrency=${os.availableParallelism()}`

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
const { status } = spawnSync(process.execPath, ['--test', LIMIT, FILES, ...options, ...paths], {
  stdio: 'inherit'
})
process.exitCode = status ?? 1
