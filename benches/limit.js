/** The server's own limit: redis-benchmark with the same commands and keys, 64 to a pipeline. */

const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { TOKEN } = require('./workloads')

const N = '__rand_int__'

const COMMANDS = {
  save: ['MSET', `${TOKEN}:b:${N}`, `ext-${N}`, `${TOKEN}:e:ext-${N}`, N],
  lookup: ['GET', `${TOKEN}:b:${N}`],
  delete: ['DEL', `${TOKEN}:b:${N}`, `${TOKEN}:e:ext-${N}`]
}

const run = promisify(execFile)

/**
 * Requests a second of a command.
 * @param {{host: string, port: number, path?: string, ca?: string}} where the server is
 * @param {string[]} command
 * @param {number} requests how many
 * @param {number} keys of how many pairs, at random
 */
const limitOf = async ({ host, port, path, ca }, command, requests, keys) => {
  const target = path ? ['-s', path] : ['-h', host, '-p', port]
  const tls = ca ? ['--tls', '--cacert', ca] : []
  const options = [...target, ...tls, '-P', 64, '-n', requests, '-r', keys, '--csv']
  const { stdout } = await run('redis-benchmark', [...options, ...command].map(String))
  const [, rate] = stdout.trim().split('\n').at(-1).split('","')
  return Number(rate)
}

/** Requests a second, by call; the saves fill the database for the others. */
const serverLimit = async (where) => {
  const rates = {}
  for (const [call, command] of Object.entries(COMMANDS)) {
    rates[call] = await limitOf(where, command, 200_000, 50_000)
  }
  return rates
}

/** New pairs saved a second, so many in all. */
const saveLimit = (where, pairs) => limitOf(where, COMMANDS.save, pairs, pairs)

/** How many ids go with one command. */
const TOGETHER = 128

/** Ids looked up a second, of so many that are there, many with one command. */
const lookUpLimit = async (where, ids) => {
  // By chance that leaves out less than one of 100.
  await limitOf(where, COMMANDS.save, 5 * ids, ids)
  const [, key] = COMMANDS.lookup
  const command = ['MGET', ...Array(TOGETHER).fill(key)]
  const rate = await limitOf(where, command, Math.ceil((10 * ids) / TOGETHER), ids)
  return rate * TOGETHER
}

module.exports = { lookUpLimit, saveLimit, serverLimit }
