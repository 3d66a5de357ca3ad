/** A single server for the model check, and what can break there only. */

const { setTimeout: sleep } = require('node:timers/promises')
const createKeyStore = require('../..')
const { amidst, networkFaults, serverFaults } = require('./model-faults')
const { startProxy } = require('./proxy')

const WORDS = ['MSET', 'GET', 'DEL', 'SCAN', 'MGET', 'UNLINK', 'CLIENT']

/** All that a server holds. */
const everything = async ({ command }) => {
  const keys = await command('keys', '*')
  const values = keys.length > 0 ? await command('mget', ...keys) : []
  return new Map(keys.map((key, n) => [key, values[n]]))
}

/** A server is killed and comes back with all that it had confirmed. */
const killed = (game, node) =>
  amidst(game, [node.proxy], async () => {
    await node.kill()
    await node.restart()
  })

const singleFaults = (node) => ({
  'lost: the server is killed and comes back': (game) => killed(game, node),
  'a replica for a while': (game) =>
    amidst(game, [node.proxy], async () => {
      await node.command('replicaof', '127.0.0.1', 1)
      await sleep(10)
      await node.command('replicaof', 'no', 'one')
    }),
  'loading for a while': (game) => amidst(game, [node.proxy], () => node.command('debug', 'reload'))
})

/** See `runModel`. */
const singlePlace = async (server) => {
  const proxy = await startProxy(server.port)
  const node = Object.defineProperties({ proxy }, Object.getOwnPropertyDescriptors(server))
  // Loading takes a while, and the server answers meanwhile.
  await server.command('config', 'set', 'key-load-delay', 100)
  await server.command('config', 'set', 'loading-process-events-interval-bytes', 1_024)
  return {
    open: (options) => createKeyStore(proxy.url, options),
    contents: () => everything(node),
    faults: {
      ...networkFaults([proxy], WORDS),
      ...serverFaults(() => [node]),
      ...singleFaults(node)
    },
    stop: () => proxy.stop()
  }
}

module.exports = { everything, killed, singlePlace }
