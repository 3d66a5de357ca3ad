/** Clients of the npm package redis, version 4 and newer, made by createCluster(). */

const { refuse } = require('../check')
const { capturedOptions } = require('./captured')
const redis4 = require('./redis4')

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  Array.isArray(client.slots) &&
  Array.isArray(client.masters) &&
  typeof client.nodeClient === 'function'

const foreign = (client) => {
  const { defaults = {}, nodeAddressMap } = capturedOptions(client)
  if (typeof nodeAddressMap === 'function') return 'a nodeAddressMap that is a function'
  return redis4.foreignOptions(defaults)
}

/** Options of a node, whose URL is only read by the client that is made for it. */
const rootNode = ({ url, socket = {}, username, password }) => {
  if (url === undefined) return { socket, username, password }
  const { protocol, hostname: host, port, username: user, password: secret } = new URL(url)
  return {
    socket: { host, port: port || undefined, tls: protocol === 'rediss:', ...socket },
    username: user ? decodeURIComponent(user) : username,
    password: secret ? decodeURIComponent(secret) : password
  }
}

const settings = (client) => {
  const { rootNodes = [], defaults = {}, nodeAddressMap, keyPrefix } = capturedOptions(client)
  const roots = rootNodes.map(rootNode)
  const nodes = roots.map(({ socket }) => {
    const { host, port } = redis4.place({ socket })
    return { host, port }
  })
  if (nodes.length === 0) {
    throw refuse('this looks like a cluster client of redis 4 or newer, but names no rootNodes')
  }
  // What every node gets is in the defaults; the nodes named at first may have it beside them.
  const socket = { ...roots[0].socket, ...defaults.socket }
  return {
    nodes,
    natMap: nodeAddressMap,
    ...redis4.login(defaults.password ? defaults : roots[0]),
    db: 0,
    lenientDb: false,
    retry: defaults.disableOfflineQueue !== true,
    tls: redis4.tlsOf(socket),
    keyPrefix: keyPrefix ? String(keyPrefix) : ''
  }
}

const hasChanged = () => false

/** A cluster's events pass by its `emit`, so its state is looked at with each call. */
const watch = () => {}

const { isOpen, isClosed } = redis4

const close = (client) => client.quit()

module.exports = { isMine, foreign, settings, hasChanged, isOpen, isClosed, watch, close }
