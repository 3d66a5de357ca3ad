/** Clients of the npm package redis, version 5 and newer, made by createSentinel(). */

const { refuse } = require('../settings/check')
const { NativePromise } = require('../shared/globals')
const { natMap } = require('../settings/place')
const { capturedOptions } = require('./captured')
const redis4 = require('./redis-4-6')
const { askedLogin, loginOf } = require('./redis-4-6-login')

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  typeof client.isOpen === 'boolean' &&
  typeof client.getSentinelNode === 'function'

const foreign = (client) => {
  if (typeof client.duplicate !== 'function') return 'a sentinel client that hides its options'
  const options = capturedOptions(client)
  if (typeof options.nodeAddressMap === 'function') return 'a nodeAddressMap that is a function'
  const { node, sentinel } = optionsOf(options)
  return redis4.foreignOptions(client, node) ?? redis4.foreignOptions(client, sentinel)
}

/** What the client gives to its connections: to the master and to the sentinels. */
const optionsOf = ({ RESP, nodeClientOptions, sentinelClientOptions }) => ({
  node: { RESP, ...nodeClientOptions },
  sentinel: { RESP, ...sentinelClientOptions }
})

/** The login at a sentinel, under its own names. */
const ofSentinel = ({ username, password }) => ({
  sentinelUsername: username,
  sentinelPassword: password
})

const settings = (client) => {
  const options = capturedOptions(client)
  const { name, sentinelRootNodes = [], nodeAddressMap, keyPrefix } = options
  const { node, sentinel } = optionsOf(options)
  if (!name || sentinelRootNodes.length === 0) {
    throw refuse(
      'this looks like a sentinel client of redis 5 or newer, but names no master or no sentinels'
    )
  }
  const sentinels = sentinelRootNodes.map((socket) => {
    const { host, port } = redis4.place({ socket }, 'sentinelRootNodes.port', 26379)
    return { host, port }
  })
  return {
    sentinels,
    master: String(name),
    ...ofSentinel(loginOf(client, sentinel)),
    sentinelTls: redis4.tlsOf(sentinel.socket),
    natMap: natMap('nodeAddressMap', nodeAddressMap),
    ...loginOf(client, node),
    db: redis4.database(node),
    retry: node.disableOfflineQueue !== true,
    tls: redis4.tlsOf(node.socket),
    keyPrefix: keyPrefix ? String(keyPrefix) : ''
  }
}

const hasChanged = () => false

const ask = (client, _, isLoginOld) => {
  if (!isLoginOld) return undefined
  const { node, sentinel } = optionsOf(capturedOptions(client))
  const logins = [askedLogin(client, node), askedLogin(client, sentinel)?.then(ofSentinel)]
  const questions = logins.filter(Boolean)
  if (questions.length === 0) return undefined
  return NativePromise.all(questions).then((answers) => Object.assign({}, ...answers))
}

const { isOpen, isClosed, instance, watch } = redis4

/** It has no `quit`. */
const close = (client) => client.close()

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
