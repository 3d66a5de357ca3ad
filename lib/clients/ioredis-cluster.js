/** Cluster clients of ioredis 4 and newer and of iovalkey. */

const { numberOption, refuse } = require('../settings/check')
const { login } = require('../settings/login')
const { natMap, withoutBrackets } = require('../settings/place')
const { foreignSocket } = require('../settings/socket')
const { clientTls } = require('../settings/tls')
const { quitOnceConnected } = require('./ioredis-quit')
const { watchEvents } = require('./watching')

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  client.isCluster === true &&
  typeof client.connectionEpoch === 'number' &&
  typeof client.status === 'string'

/** Node's module opens a channel when it is loaded, which a client with such an option has done. */
const isSystemLookup = (value) => value === require('node:dns').lookup

const foreign = (client) => {
  const { options } = client
  for (const name of ['natMap', 'dnsLookup']) {
    const value = options[name]
    if (typeof value === 'function' && !isSystemLookup(value)) return `a ${name} that is a function`
  }
  if (logins(client).length > 1) return 'nodes with logins of their own'
  return foreignSocket(options.redisOptions?.tls, true)
}

/** Version 4 differs in some ways. */
const isVersion4 = (client) => '_addedScriptHashes' in client

/** A node as it may be given: a port, a URL with or without its protocol, or options. */
const startupNode = (client, node) => {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node }
  if (typeof node !== 'string') {
    const { host = '127.0.0.1', port = 6379, username, password, tls } = node ?? {}
    return { host, port, username, password, tls }
  }
  if (/^\d+$/.test(node)) return { host: '127.0.0.1', port: Number(node) }
  const url = new URL(node.includes('://') ? node : `redis://${node}`)
  return {
    host: withoutBrackets(url.hostname) || '127.0.0.1',
    port: url.port || 6379,
    username: takesUser(client, url) ? decodeURIComponent(url.username) : undefined,
    password: decodeURIComponent(url.password),
    tls: url.protocol === 'rediss:' ? true : undefined
  }
}

/** Version 4 takes a URL's user only when told to. */
const takesUser = (client, { searchParams }) =>
  !isVersion4(client) || !['false', '', null].includes(searchParams.get('allowUsernameInURI'))

const startupNodes = (client) =>
  [client.startupNodes].flat().map((node) => startupNode(client, node))

/** The logins of its connections, each once: a node that is named may have one before that of all. */
const logins = (client) => {
  const { redisOptions = {} } = client.options
  const given = startupNodes(client).map(({ username, password }) => ({
    username: username || redisOptions.username,
    password: password || redisOptions.password
  }))
  const { username, password } = redisOptions
  if (username || password) given.push(redisOptions)
  const texts = new Set(given.map((each) => JSON.stringify(login(each))))
  return [...texts].map((text) => JSON.parse(text))
}

/** Version 4 takes a prefix at the top only, later ones in `redisOptions` too. */
const prefixOf = (client) => {
  const { options } = client
  const inner = isVersion4(client) ? undefined : options.redisOptions?.keyPrefix
  return String(options.keyPrefix || inner || '')
}

const settings = (client) => {
  const { options } = client
  const given = startupNodes(client)
  const nodes = given.map(({ host, port }) => ({
    host,
    port: numberOption('port', 'startupNodes.port', port)
  }))
  if (!nodes.every(({ host }) => host)) {
    throw refuse('this looks like an ioredis Cluster, but its startup nodes name no host and port')
  }
  const { redisOptions = {} } = options
  const tls = redisOptions.tls ?? given[0].tls
  return {
    nodes,
    natMap: natMap('natMap', options.natMap),
    ...logins(client)[0],
    db: 0,
    fallbackDb: 0,
    retry: options.enableOfflineQueue !== false,
    tls: tls ? clientTls(tls) : undefined,
    keyPrefix: prefixOf(client)
  }
}

const hasChanged = () => false

/**
 * It disconnects by itself too, to connect anew when no node it knows can be reached. One that is
 * closed while it connects is `ready` once more before its end, one that is opened again stays marked
 * as closing while it connects.
 */
const isClosed = ({ status, manuallyClosing }) =>
  status === 'end' || (manuallyClosing === true && status !== 'connecting')

const isOpen = (client) => !['wait', 'close'].includes(client.status) && !isClosed(client)

const watch = watchEvents()

const close = quitOnceConnected

module.exports = { isMine, foreign, settings, hasChanged, isOpen, isClosed, watch, close }
