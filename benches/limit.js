/** The server's own limit: redis-benchmark with the same commands and keys, 64 to a pipeline. */

const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { TOKEN } = require('./workloads')

const REQUESTS = 200_000
const N = '__rand_int__'

const COMMANDS = {
  save: ['MSET', `${TOKEN}:b:${N}`, `ext-${N}`, `${TOKEN}:e:ext-${N}`, N],
  lookup: ['GET', `${TOKEN}:b:${N}`],
  delete: ['DEL', `${TOKEN}:b:${N}`, `${TOKEN}:e:ext-${N}`]
}

const run = promisify(execFile)

/** Requests a second, by call; the saves fill the database for the others. */
const serverLimit = async ({ host, port, path, ca }) => {
  const target = path ? ['-s', path] : ['-h', host, '-p', port]
  const tls = ca ? ['--tls', '--cacert', ca] : []
  const options = [...target, ...tls, '-P', 64, '-n', REQUESTS, '-r', 50_000, '--csv']
  const rates = {}
  for (const [call, command] of Object.entries(COMMANDS)) {
    const { stdout } = await run('redis-benchmark', [...options, ...command].map(String))
    const [, rate] = stdout.trim().split('\n').at(-1).split('","')
    rates[call] = Number(rate)
  }
  return rates
}

module.exports = { serverLimit }
