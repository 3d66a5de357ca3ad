/** Cluster clients of ioredis 4 and newer and of iovalkey. */

const dns = require('node:dns')
const { refuse } = require('../check')
const { clientTls, foreignTls } = require('../tls')
const { watchEvents } = require('./events')
const { login } = require('./ioredis')

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  client.isCluster === true &&
  typeof client.connectionEpoch === 'number' &&
  typeof client.status === 'string'

const foreign = ({ options }) => {
  for (const name of ['natMap', 'dnsLookup']) {
    const value = options[name]
    if (typeof value === 'function' && value !== dns.lookup) return `a ${name} that is a function`
  }
  return foreignTls(options.redisOptions?.tls)
}

/** A node as it may be given: a port, a URL with or without its protocol, or options. */
const startupNode = (node) => {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node }
  if (typeof node !== 'string') {
    const { host = '127.0.0.1', port = 6379, username, password, tls } = node ?? {}
    return { host, port: Number(port), username, password, tls }
  }
  if (/^\d+$/.test(node)) return { host: '127.0.0.1', port: Number(node) }
  const url = new URL(node.includes('://') ? node : `redis://${node}`)
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(url.port) || 6379,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    tls: url.protocol === 'rediss:' ? true : undefined
  }
}

/** Version 4 takes a prefix at the top only, later ones in `redisOptions` too. */
const prefixOf = (client) => {
  const { options } = client
  const inner = '_addedScriptHashes' in client ? undefined : options.redisOptions?.keyPrefix
  return String(options.keyPrefix || inner || '')
}

const settings = (client) => {
  const { options } = client
  const given = [client.startupNodes].flat().map(startupNode)
  const nodes = given.map(({ host, port }) => ({ host, port }))
  if (!nodes.every(({ host, port }) => host && port > 0 && port < 65536)) {
    throw refuse('this looks like an ioredis Cluster, but its startup nodes name no host and port')
  }
  const { redisOptions = {} } = options
  const tls = redisOptions.tls ?? given[0].tls
  return {
    nodes,
    natMap: options.natMap ?? undefined,
    ...login(redisOptions.password ? redisOptions : given[0]),
    db: 0,
    fallbackDb: 0,
    retry: options.enableOfflineQueue !== false,
    tls: tls ? clientTls(tls) : undefined,
    keyPrefix: prefixOf(client)
  }
}

const hasChanged = () => false

/** It disconnects by itself too, to connect anew when no node it knows can be reached. */
const isClosed = ({ status, manuallyClosing }) =>
  status === 'end' || (status === 'disconnecting' && manuallyClosing === true)

const isOpen = (client) => !['wait', 'close'].includes(client.status) && !isClosed(client)

const watch = watchEvents

const close = (client) => client.quit()

module.exports = { isMine, foreign, settings, hasChanged, isOpen, isClosed, watch, close }
