/** The server's own limit: redis-benchmark with the same commands and keys, 64 to a pipeline. */

const { execFileSync } = require('node:child_process')
const { TOKEN } = require('./workloads')

const REQUESTS = 500_000
const N = '__rand_int__'

const COMMANDS = {
  save: ['MSET', `${TOKEN}:b:${N}`, `ext-${N}`, `${TOKEN}:e:ext-${N}`, N],
  lookup: ['GET', `${TOKEN}:b:${N}`],
  delete: ['DEL', `${TOKEN}:b:${N}`, `${TOKEN}:e:ext-${N}`]
}

/** Requests a second, by call; the saves fill the database for the others. */
const serverLimit = ({ port }) =>
  Object.fromEntries(
    Object.entries(COMMANDS).map(([call, command]) => {
      const options = ['-p', port, '-P', 64, '-n', REQUESTS, '-r', 50_000, '--csv']
      const text = execFileSync('redis-benchmark', [...options, ...command].map(String), {
        encoding: 'utf8'
      })
      const [, rate] = text.trim().split('\n').at(-1).split('","')
      return [call, Number(rate)]
    })
  )

module.exports = { serverLimit }
