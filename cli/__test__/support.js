/** The command as users run it: a process of its own, in pipes or on a terminal. */

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before } = require('node:test')

const PROGRAM = path.join(__dirname, '..', 'bin', 'key-store.js')

/** Nothing of the environment that the tests run in says where a store is. */
const environment = (own) => {
  const { KEY_STORE_URL, REDIS_URL, KEY_STORE_PASSWORD, KEY_STORE_INTEGRATION, ...others } =
    process.env
  return { ...others, ...own }
}

/** Runs what `command` says; resolves to its exit code and what it wrote. */
const collect = (child, input) =>
  new Promise((resolve, reject) => {
    const written = { stdout: [], stderr: [] }
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (bytes) => written[name].push(bytes))
    }
    const text = (name) => Buffer.concat(written[name]).toString()
    child.once('error', reject)
    child.once('close', (code, signal) =>
      resolve({ code, signal, stdout: text('stdout'), stderr: text('stderr') })
    )
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })

/** A process of `key-store`, with the arguments given. */
const start = (args, { env, ...options } = {}) =>
  spawn(process.execPath, [PROGRAM, ...args], { env: environment(env), ...options })

/**
 * Runs `key-store` to its end.
 * @param {string[]} args
 * @param {{input?: string | Buffer, env?: object, cwd?: string}} [options]
 */
const run = (args, { input, ...options } = {}) => collect(start(args, options), input)

/**
 * Runs `key-store` on a terminal.
 * @param {string[]} args
 * @param {{keys?: [RegExp, string][], env?: object, cwd?: string}} [options] `keys` are what is typed once the
 *   screen shows something
 * @returns {Promise<{code: number, screen: string}>}
 */
const runOnTerminal = (args, { keys = [], env, cwd } = {}) =>
  new Promise((resolve, reject) => {
    const words = [process.execPath, PROGRAM, ...args].map(
      (word) => `'${word.replace(/'/g, "'\\''")}'`
    )
    // A shell in between may answer ^C itself, with an exit code of its own.
    const command = `exec ${words.join(' ')}`
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: environment({ TERM: 'xterm', ...env }),
      cwd
    })
    const left = [...keys]
    let screen = ''
    child.stdout.on('data', (bytes) => {
      screen += bytes
      if (left.length > 0 && left[0][0].test(screen)) child.stdin.write(left.shift()[1])
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, screen }))
  })

/** A folder for the suite that calls this. */
const useFolder = () => {
  const own = { file: (name) => path.join(own.path, name) }
  before(() => {
    own.path = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-cli-'))
    own.write = (name, text) => {
      fs.writeFileSync(own.file(name), text)
      return own.file(name)
    }
    own.read = (name) => fs.readFileSync(own.file(name), 'utf8')
  })
  after(() => fs.rmSync(own.path, { recursive: true, force: true }))
  return own
}

const ndjson = (integrationId, botmaticId, extId) =>
  `${JSON.stringify({ integrationId, botmaticId, extId })}\n`

module.exports = { PROGRAM, collect, ndjson, run, runOnTerminal, start, useFolder }
