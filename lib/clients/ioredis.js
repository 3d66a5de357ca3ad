/** Clients of ioredis 4 and newer and of iovalkey. */

const { numberOption, refuse } = require('../settings/check')
const { login } = require('../settings/login')
const { family, natMap } = require('../settings/place')
const { foreignSocket } = require('../settings/socket')
const { clientTls } = require('../settings/tls')
const { database, fallback, hasChanged, observe } = require('./ioredis-database')
const { quitOnceConnected } = require('./ioredis-quit')
const { watchEvents } = require('./watching')

/** ioredis-mock's clients have the same options, but neither status nor connector. */
const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  typeof client.connectionEpoch === 'number' &&
  typeof client.status === 'string' &&
  typeof client.options === 'object' &&
  typeof client.connector === 'object'

const foreign = ({ options }) => {
  if (options.Connector) return 'a Connector of its own'
  if (!options.sentinels) {
    const { path } = options
    return foreignSocket({ path, ...options.tls }, Boolean(options.tls))
  }
  if (typeof options.natMap === 'function') return 'a natMap that is a function'
  return foreignSocket(options.sentinelTLS, true) ?? foreignSocket(dataTls(options), true)
}

/** With sentinels, `tls` is for the data nodes, and only where it is said so. */
const dataTls = ({ sentinels, tls, enableTLSForSentinelMode }) =>
  sentinels && !enableTLSForSentinelMode ? undefined : tls

/** The host and port of a client with sentinels are mere defaults. */
const sentinelPlace = (options) => {
  const sentinels = options.sentinels.map(({ host, port }) => ({
    host,
    port: numberOption('port', 'sentinels.port', port || 26379)
  }))
  if (!options.name || sentinels.length === 0 || !sentinels.every(({ host }) => host)) {
    throw refuse(
      'this looks like an ioredis client with sentinels, but names no master ("name") or no sentinels'
    )
  }
  const { username, password } = login({
    username: options.sentinelUsername,
    password: options.sentinelPassword
  })
  return {
    sentinels,
    master: String(options.name),
    sentinelUsername: username,
    sentinelPassword: password,
    sentinelTls: options.sentinelTLS ? clientTls(options.sentinelTLS) : undefined,
    natMap: natMap('natMap', options.natMap)
  }
}

const place = (options) => {
  if (options.sentinels) return sentinelPlace(options)
  // What stands in `tls` goes before what stands beside it.
  const { host, port, path, family: version } = { ...options, ...options.tls }
  if (path) return { path: String(path) }
  if (!host) {
    throw refuse('this looks like an ioredis client, but names no host and port and no path')
  }
  return {
    host: String(host),
    port: numberOption('port', 'port', port),
    family: family(host, version)
  }
}

const settings = (client) => {
  const { options } = client
  const where = place(options)
  const tls = dataTls(options)
  const db = database(client)
  return {
    ...where,
    ...login(options),
    db,
    fallbackDb: fallback(client, db),
    retry: options.enableOfflineQueue !== false,
    tls: tls ? clientTls(tls) : undefined,
    keyPrefix: options.keyPrefix ? String(options.keyPrefix) : ''
  }
}

/** Clients whose `manuallyClosing` stayed set when they were opened: disconnected twice before. */
const stale = new WeakSet()

/** `quit` and `disconnect` show in `manuallyClosing` at once, in `status` once the socket closed. */
const isClosed = (client) => {
  const { status, manuallyClosing, connector } = client
  if (status === 'end' || !manuallyClosing) stale.delete(client)
  else if (status === 'connecting' && connector.connecting) stale.add(client)
  return status === 'end' || (manuallyClosing === true && !stale.has(client))
}

const isOpen = (client) => !['wait', 'close'].includes(client.status) && !isClosed(client)

const watch = watchEvents(observe)

const close = quitOnceConnected

module.exports = { isMine, foreign, settings, hasChanged, isOpen, isClosed, watch, close }
