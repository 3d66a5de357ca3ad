const { after, before } = require('node:test')
const redis = require('redis3')
const { startRedis } = require('../../scripts/redis')

/**
 * A server for the suite that calls this, from its first test to its last, with a way to send it
 * any command. Filled in once the server runs.
 * @param {{args?: string[] | (() => Promise<string[]>), prepare?: (server: object) => Promise<void>}} [options] more arguments
 *   of redis-server, and what to do before the first test
 */
const useServer = ({ args, prepare } = {}) => {
  const own = {}
  let client
  before(async () => {
    const server = await startRedis({ args: typeof args === 'function' ? await args() : args })
    Object.defineProperties(own, Object.getOwnPropertyDescriptors(server))
    client = redis.createClient({ port: server.port })
    // Some suites kill their server.
    client.on('error', () => {})
    own.command = commander(client)
    await prepare?.(own)
  })
  after(async () => {
    client?.end(true)
    await own.stop?.()
  })
  return own
}

/** Opens a store on the emptied server, closed at the end of the test `t`. */
const openStore = async (t, server, createKeyStore, options) => {
  await server.command('flushall')
  const store = createKeyStore(server.url, options)
  t.after(() => store.quit())
  return store
}

/** Sends a command given as words and resolves to its reply. */
const commander =
  (client) =>
  (name, ...args) =>
    new Promise((resolve, reject) => {
      client.send_command(name, args, (error, reply) => (error ? reject(error) : resolve(reply)))
    })

/** Everything that a database holds: `key => value`, the type where it is no string. */
const contents = async (command, db = 0) => {
  await command('select', db)
  const keys = (await command('keys', '*')).sort()
  const values = await Promise.all(
    keys.map(async (key) => {
      const type = await command('type', key)
      return type === 'string' ? await command('get', key) : type
    })
  )
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]))
}

/** The store's own connections, as the server sees them. */
const connections = async (command) => {
  const list = await command('client', 'list')
  return list.split('\n').filter((line) => line.includes('name=js-redis-key-store'))
}

/**
 * Resolves when the server has let go of all the store's connections, which it does a moment after
 * they were closed.
 */
const disconnected = async (command) => {
  while ((await connections(command)).length > 0) await new Promise(setImmediate)
}

module.exports = { useServer, openStore, commander, contents, connections, disconnected }
