/** Addresses: URLs, and objects that say where the server is. */

const { readOptions, refuse } = require('./check')
const { login } = require('./login')
const { members, urlText } = require('./members')
const { natMap, parseNode, withoutBrackets } = require('./place')
const { tlsSettings } = require('./tls')
const { parseUrl } = require('./url')

const KNOWN = {
  url: 'url',
  host: 'text',
  port: 'port',
  path: 'text',
  sentinel: 'object',
  cluster: 'object',
  natMap: 'object',
  username: 'text',
  password: 'text',
  db: 'database',
  tls: 'tls',
  keyPrefix: 'text'
}

const SENTINEL = { nodes: 'nodes', name: 'text', username: 'text', password: 'text', tls: 'tls' }

const CLUSTER = { nodes: 'nodes' }

const NODE = { host: 'text', port: 'port' }

/** What says where the server is; only host and port may stand together, and a path before them. */
const PLACES = ['url', 'sentinel', 'cluster', 'path', 'host', 'port']

/** Options and URL as one; what is given beside the URL goes before what stands in it. */
const merged = (given) =>
  given.url === undefined ? given : { __proto__: null, ...parseUrl(given.url), ...given }

const checkPlaces = (given) => {
  const [first, ...others] = PLACES.filter((name) => name in given)
  if (others.length > 0 && ['url', 'sentinel', 'cluster'].includes(first)) {
    throw refuse(`option "${others[0]}" cannot stand beside "${first}"`)
  }
}

const notEmpty = (name, text) => {
  if (text === '') throw refuse(`option "${name}" is empty`)
  return text
}

/** The nodes of a topology, which `topology` is the option of. */
const nodes = (topology, given, defaultPort) => {
  const name = `${topology}.nodes`
  if (!given) throw refuse(`option "${name}" is missing: it says where to connect first`)
  if (given.length === 0) throw refuse(`option "${name}" is empty`)
  return given.map((node, n) => {
    const own = `${name}[${n}]`
    const read = typeof node === 'string' ? parseNode(node) : node
    if (typeof read !== 'object' || read === null) {
      throw refuse(`option "${own}" must be {host, port} or "host:port"`)
    }
    const { host, port = defaultPort } = readOptions(read, NODE, `${own}.`)
    if (!host) throw refuse(`option "${own}" names no host`)
    return { host: withoutBrackets(host), port }
  })
}

const sentinelPlace = (given, options) => {
  const sentinel = readOptions(given, SENTINEL, 'sentinel.')
  if (!sentinel.name) {
    throw refuse('option "sentinel.name" is missing: it says which master the sentinels watch')
  }
  const { username, password } = login(sentinel)
  const { tls = options.tls } = sentinel
  return {
    sentinels: nodes('sentinel', sentinel.nodes, 26_379),
    master: sentinel.name,
    sentinelUsername: username,
    sentinelPassword: password,
    sentinelTls: tls ? tlsSettings(tls) : undefined
  }
}

const place = (options) => {
  const { sentinel, cluster, path, tls, host = '127.0.0.1', port = 6379 } = options
  if (options.natMap && !sentinel && !cluster) {
    throw refuse('option "natMap" needs "sentinel" or "cluster"')
  }
  const map = { natMap: natMap('natMap', options.natMap, 'option') }
  if (sentinel) return { ...sentinelPlace(sentinel, options), ...map }
  if (cluster) {
    const given = readOptions(cluster, CLUSTER, 'cluster.')
    return { nodes: nodes('cluster', given.nodes, 6379), ...map }
  }
  if (path === undefined) return { host: withoutBrackets(notEmpty('host', host)), port }
  if (tls) throw refuse('option "tls" cannot stand beside "path"')
  return { path: notEmpty('path', path) }
}

/** What of the options of an embedded store the native side needs. */
const embeddedSettings = ({ file, memory, keyPrefix, ...others }) => {
  const [other] = Object.keys(others).filter((name) => name !== 'url' && others[name] !== undefined)
  if (other) throw refuse(`option "${other}" is for a server, and an embedded store has none`)
  return { file, memory, keyPrefix, db: 0, retry: true }
}

/**
 * The settings that a URL or an options object stands for.
 * @param {string | object} address
 */
const settingsOf = (address) => {
  const url = urlText(address)
  const given = readOptions(typeof url === 'string' ? { url } : address, KNOWN)
  checkPlaces(given)
  const options = merged(given)
  const { tls, keyPrefix, db = 0 } = options
  if (options.file ?? options.memory) return embeddedSettings(options)
  return {
    ...place(options),
    ...login(options),
    keyPrefix,
    db,
    retry: true,
    tls: tls ? tlsSettings(tls) : undefined
  }
}

/** Whether a value is an address: text, a URL, or an object that says where the server is. */
const isAddress = (value) => {
  if (typeof urlText(value) === 'string') return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const given = members(value, KNOWN)
  return PLACES.some((name) => given[name] !== undefined)
}

/** What is wrong with an object that says nothing of where the server is; options that are none throw. */
const withoutPlace = (value) => {
  const names = Object.keys(members(value, KNOWN))
  if (names.length === 0) return 'an empty object is no client'
  readOptions(value, KNOWN)
  return `the address names no server, only ${names.join(', ')}; add one of ${PLACES.join(', ')}`
}

module.exports = { isAddress, withoutPlace, settingsOf }
