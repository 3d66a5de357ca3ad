/** Where the contenders are measured: the way to the server, and how full it is. */

const net = require('node:net')
const path = require('node:path')
const { freePort, startRedis } = require('../scripts/redis')
const { makeCertificates, tlsConfiguration } = require('../__test__/support/tls')
const { commandTo } = require('./command')
const { CONTENDERS } = require('./contenders')

const HALF_MILLISECOND = 0.5

/** How many foreign keys, which way, at most how many calls one after the other, and who wipes. */
const SETTINGS = {
  loopback: { keys: 1e6 },
  'unix socket': { keys: 1e6, way: 'unix' },
  TLS: { keys: 1e6, way: 'tls' },
  '0.5 ms away': { keys: 1e6, way: 'delay', turns: 250 },
  '10,000 keys': { keys: 1e4 },
  // A plain walk takes 10 s and more here: one of them must do.
  '10,000,000 keys': { keys: 1e7, wipers: ['original', 'ioredis 6', 'this store'] }
}

/** Passes bytes on half a millisecond later, each way. Timers are too coarse: it looks all the time. */
const delayed = async (port) => {
  const late = []
  const pass = (from, to) =>
    from.on('data', (bytes) => late.push([performance.now() + HALF_MILLISECOND, to, bytes]))
  let isOpen = true
  const look = () => {
    while (late.length > 0 && late[0][0] <= performance.now()) {
      const [, to, bytes] = late.shift()
      to.write(bytes)
    }
    if (isOpen) setImmediate(look)
  }
  const server = net.createServer((socket) => {
    const onward = net.connect({ port, noDelay: true })
    for (const end of [socket, onward]) end.setNoDelay().on('error', () => {})
    pass(socket, onward)
    pass(onward, socket)
    socket.on('close', () => onward.destroy())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  look()
  const stop = () => {
    isOpen = false
    server.close()
  }
  return { port: server.address().port, stop }
}

const WAYS = {
  loopback: ({ port }) => ({ where: { host: '127.0.0.1', port } }),
  unix: ({ directory }) => ({ where: { path: path.join(directory, 'redis.sock') } }),
  tls: async ({ port }, certificates) => {
    const tlsPort = await freePort()
    await commandTo(port, 'config', 'set', ...tlsConfiguration(certificates, tlsPort, 'no'))
    return { where: { host: '127.0.0.1', port: tlsPort, ca: certificates.file('ca.crt') } }
  },
  delay: async ({ port }) => {
    const proxy = await delayed(port)
    return { where: { host: '127.0.0.1', port: proxy.port }, stop: proxy.stop }
  }
}

/**
 * Starts what a setting needs: where its contenders connect to, the server's own port, what else
 * limits them, and how it is stopped.
 */
const prepare = async (name) => {
  const { keys, way = 'loopback', turns = Infinity, wipers } = SETTINGS[name]
  const server = await startRedis({
    args: ['--unixsocket', 'redis.sock', '--enable-debug-command', 'local']
  })
  const certificates = way === 'tls' ? makeCertificates() : undefined
  await commandTo(server.port, 'debug', 'populate', keys, 'other', 32)
  const { where, stop } = await WAYS[way](server, certificates)
  return {
    where,
    port: server.port,
    turns,
    wipers: wipers ?? Object.keys(CONTENDERS),
    stop: async () => {
      stop?.()
      certificates?.remove()
      await server.stop()
    }
  }
}

module.exports = { SETTINGS, prepare }
