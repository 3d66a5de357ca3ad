/** Clients of the npm package redis, version 4 and newer, made by createCluster(). */

const { refuse } = require('../settings/check')
const { NativePromise, setTimeout } = require('../shared/globals')
const { natMap } = require('../settings/place')
const { capturedOptions } = require('./captured')
const redis4 = require('./redis-4-6')
const { askedLogin, loginOf } = require('./redis-4-6-login')
const { tellAfter, watching } = require('./watching')

/** How often a client that connects is looked at, in ms. */
const LOOK = 10

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  Array.isArray(client.slots) &&
  Array.isArray(client.masters) &&
  typeof client.nodeClient === 'function'

const firstOf = (list, look) => list.map(look).find(Boolean)

const foreign = (client) => {
  const { rootNodes = [], defaults = {}, nodeAddressMap } = capturedOptions(client)
  if (typeof nodeAddressMap === 'function') return 'a nodeAddressMap that is a function'
  const nodes = [defaults, ...rootNodes.map(({ socket }) => ({ socket }))]
  return firstOf(nodes, (options) => redis4.foreignOptions(client, options))
}

/** Options of a node's socket, whose URL is only read by the client that is made for it. */
const rootSocket = ({ url, socket = {} }) => {
  if (url === undefined) return socket
  const { protocol, hostname: host, port } = new URL(url)
  return { host, port: port || undefined, tls: protocol === 'rediss:', ...socket }
}

/** What every node is given; a login of the nodes named at first is only used to find the others. */
const nodeOptions = ({ defaults, RESP }) => ({ ...defaults, RESP })

const settings = (client) => {
  const options = capturedOptions(client)
  const { rootNodes = [], defaults = {}, nodeAddressMap, keyPrefix } = options
  const roots = rootNodes.map(rootSocket)
  const nodes = roots.map((socket) => {
    const { host, port } = redis4.place({ socket }, 'rootNodes.socket.port')
    return { host, port }
  })
  if (nodes.length === 0) {
    throw refuse('this looks like a cluster client of redis 4 or newer, but names no rootNodes')
  }
  // TLS may stand beside the nodes named at first.
  const socket = { ...roots[0], ...defaults.socket }
  return {
    nodes,
    natMap: natMap('nodeAddressMap', nodeAddressMap),
    ...loginOf(client, nodeOptions(options)),
    db: 0,
    retry: defaults.disableOfflineQueue !== true,
    tls: redis4.tlsOf(socket),
    keyPrefix: keyPrefix ? String(keyPrefix) : ''
  }
}

const hasChanged = () => false

const ask = (client, _, isLoginOld) =>
  isLoginOld ? askedLogin(client, nodeOptions(capturedOptions(client))) : undefined

const { instance } = redis4

/** A cluster's events pass by its `emit`. */
const watchInstance = watching((client, tell) => {
  for (const name of ['quit', 'close', 'disconnect', 'destroy']) tellAfter(client, name, tell)
})

const watch = (client, onChange) => watchInstance(instance(client), onChange)

const { isOpen, isClosed } = redis4

const isConnecting = ({ isOpen, masters }) =>
  isOpen && (masters.length === 0 || masters.some(({ client }) => client && !client.isReady))

/** Told to quit while it connects, it leaves nodes connected. No event of all versions tells of its end. */
const close = async (client) => {
  while (isConnecting(client)) {
    await new NativePromise((resolve) => setTimeout(resolve, LOOK))
  }
  return client.quit()
}

module.exports = {
  isMine,
  foreign,
  settings,
  hasChanged,
  ask,
  isOpen,
  isClosed,
  watch,
  close,
  instance
}
