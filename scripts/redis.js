/** Redis servers of our own, for the tests, the demo and the benchmarks. Needs nothing installed. */

const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const PROGRAMS = ['redis-server', 'valkey-server']

/** The server program on the PATH, `undefined` when there is none. */
const findProgram = () => PROGRAMS.find((program) => spawnSync(program, ['--version']).status === 0)

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** What must not outlive this process, however it ends. */
const children = new Set()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts `program` and resolves once it says that it serves; rejects with what it said instead. */
const launch = (program, args, directory) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    children.add(child)
    child.once('exit', () => children.delete(child))
    child.once('error', reject)
    const failed = () => reject(new Error(`${program} ended:\n${said}`))
    child.once('exit', failed)
    child.stdout.on('data', (text) => {
      said += text
      if (/ready to accept connections|sentinel id is/i.test(said)) {
        child.removeListener('exit', failed)
        child.stdout.removeAllListeners('data').resume()
        resolve(child)
      }
    })
  })

/** Ends a child by its process id and resolves when it is gone. */
const end = (child, signal = 'SIGKILL') =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', resolve)
    child.kill(signal)
  })

/**
 * Starts a server that keeps nothing, on a free port of 127.0.0.1.
 * @param {{args?: string[], config?: string, program?: string}} [options] more arguments of the server's
 *   command line, a configuration file, and another program than the one on the PATH
 * @returns {Promise<{port: number, url: string, pid: number, directory: string,
 *   kill: (signal?: string) => Promise<void>, restart: () => Promise<void>, stop: () => Promise<void>}>}
 */
const startRedis = async ({ args = [], config, program = findProgram() } = {}) => {
  if (!program) throw new Error(`none of ${PROGRAMS.join(', ')} is on the PATH`)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-redis-'))
  let port
  let child
  const start = () => {
    const own = ['--port', port, '--bind', '127.0.0.1', '--dir', directory]
    const kept = config ? [config] : ['--save', '']
    return launch(program, [...kept, ...own, ...args].map(String), directory)
  }
  for (let attempt = 1; !child; attempt++) {
    port = await freePort()
    try {
      child = await start()
    } catch (error) {
      // Another program may have taken the port in between.
      if (attempt === 5) throw error
    }
  }
  return {
    port,
    directory,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid
    },
    kill: (signal) => end(child, signal),
    restart: async () => {
      child = await start()
    },
    stop: async () => {
      await end(child)
      fs.rmSync(directory, { recursive: true, force: true })
    }
  }
}

module.exports = { PROGRAMS, findProgram, freePort, startRedis }
