/** Clients of the npm package redis, version 5 and newer, made by createSentinel(). */

const { refuse } = require('../check')
const { capturedOptions } = require('./captured')
const redis4 = require('./redis4')

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  typeof client.isOpen === 'boolean' &&
  typeof client.getSentinelNode === 'function'

const foreign = (client) => {
  if (typeof client.duplicate !== 'function') return 'a sentinel client that hides its options'
  const {
    nodeAddressMap,
    nodeClientOptions = {},
    sentinelClientOptions = {}
  } = capturedOptions(client)
  if (typeof nodeAddressMap === 'function') return 'a nodeAddressMap that is a function'
  return redis4.foreignOptions(nodeClientOptions) ?? redis4.foreignOptions(sentinelClientOptions)
}

const settings = (client) => {
  const options = capturedOptions(client)
  const { name, sentinelRootNodes = [], nodeAddressMap, keyPrefix } = options
  const { nodeClientOptions: node = {}, sentinelClientOptions: sentinel = {} } = options
  if (!name || sentinelRootNodes.length === 0) {
    throw refuse(
      'this looks like a sentinel client of redis 5 or newer, but names no master or no sentinels'
    )
  }
  const sentinels = sentinelRootNodes.map(({ host, port = 26379 }) => {
    const place = redis4.place({ socket: { host, port } })
    return { host: place.host, port: place.port }
  })
  const login = redis4.login(sentinel)
  return {
    sentinels,
    master: String(name),
    sentinelUsername: login.username,
    sentinelPassword: login.password,
    sentinelTls: redis4.tlsOf(sentinel.socket),
    natMap: nodeAddressMap,
    ...redis4.login(node),
    db: Number(node.database ?? 0),
    lenientDb: false,
    retry: node.disableOfflineQueue !== true,
    tls: redis4.tlsOf(node.socket),
    keyPrefix: keyPrefix ? String(keyPrefix) : ''
  }
}

const hasChanged = () => false

const { isOpen, isClosed, watch } = redis4

/** It has no `quit`. */
const close = (client) => client.close()

module.exports = { isMine, foreign, settings, hasChanged, isOpen, isClosed, watch, close }
