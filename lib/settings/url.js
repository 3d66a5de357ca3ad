/** URLs, taken apart into the options of an address. */

const { numberOption, refuse } = require('./check')
const { isEmbedded, parseEmbedded } = require('./embedded')
const { parseNode, withoutBrackets } = require('./place')

const FORMS =
  'redis://[user:password@]host[:port][/db], rediss://… for TLS, ' +
  'redis-sentinel://[user:password@]host[:port][/db]?sentinelServiceName=name[&node=host:port], ' +
  'redis-cluster://[user:password@]host[:port][?node=host:port], ' +
  'unix://[user:password@]/path[?db=n], file:./path or memory:'

const PROTOCOL = /^(?:redis|valkey)(s?)(?:-(sentinel|cluster))?:$/

/** Parameters, by what kind of place they are for. */
const PARAMETERS = {
  server: ['db'],
  cluster: ['node'],
  sentinel: ['db', 'node', 'sentinelServiceName', 'sentinelUsername', 'sentinelPassword']
}

const NO_HOST = 'no-host'

/** A part of a URL, decoded; absent when empty. */
const decoded = (part, what) => {
  if (part === '') return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    throw refuse(`the ${what} in the URL is not percent-encoded well: write % as %25`)
  }
}

const database = (text) => {
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw refuse('the database in the URL must be a whole number')
  return Number(text)
}

/** The parameters, all of which must be known. */
const parametersOf = ({ hash, searchParams }, kind) => {
  // Parts that are not known are not shown: they may be of a password that is not encoded.
  if (hash !== '') throw refuse('a URL of Redis holds no "#"; in a password, write it as %23')
  const known = PARAMETERS[kind]
  if ([...searchParams.keys()].some((name) => !known.includes(name))) {
    throw refuse(
      `unknown parameter in the URL; known is ${known.join(', ')}. In a password, write "?" as %3F`
    )
  }
  return Object.fromEntries(known.map((name) => [name, searchParams.get(name) ?? undefined]))
}

/** The options of a place that more nodes than that of the URL may be named for. */
const topology = (kind, url, first, parameters) => {
  const others = url.searchParams.getAll('node').map((text) => {
    const node = parseNode(text)
    if (!node) throw refuse('the parameter "node" of the URL must be host:port')
    return node
  })
  const nodes = [first, ...others]
  if (kind === 'cluster') return { cluster: { nodes } }
  const { sentinelServiceName: name, sentinelUsername, sentinelPassword } = parameters
  if (!name) {
    throw refuse('the URL names no master: add the parameter sentinelServiceName=name')
  }
  return { sentinel: { nodes, name, username: sentinelUsername, password: sentinelPassword } }
}

/** What of the options depends on the protocol. */
const placeOf = (url) => {
  if (url.protocol === 'unix:') {
    const { db } = parametersOf(url, 'server')
    if (url.host !== NO_HOST || url.pathname.length < 2) throw refuse(`a unix URL is ${FORMS}`)
    return { path: decoded(url.pathname, 'path'), db: database(db) }
  }
  const [isKnown, tls, kind = 'server'] = PROTOCOL.exec(url.protocol) ?? []
  if (!isKnown) throw refuse(`a URL of Redis is ${FORMS}`)
  const parameters = parametersOf(url, kind)
  if (url.hostname === '') throw refuse(`the URL names no host; write ${FORMS}`)
  const first = {
    host: withoutBrackets(decoded(url.hostname, 'host')),
    port: url.port === '' ? undefined : numberOption('port', 'port', url.port, 'option')
  }
  return {
    ...(kind === 'server' ? first : topology(kind, url, first, parameters)),
    db: database(decoded(url.pathname.slice(1), 'database')) ?? database(parameters.db),
    tls: tls ? true : undefined
  }
}

/** Takes the text of a URL apart into the options of an address. */
const parseUrl = (text) => {
  if (isEmbedded(text)) return parseEmbedded(text)
  let url
  try {
    // A URL with a user and no host is none to the parser: a socket's gets one.
    url = new URL(text.replace(/^unix:\/\/([^/]*@)?\//, `unix://$1${NO_HOST}/`))
  } catch {
    // The URL is not shown: it may hold a password.
    const isHostless = /^[a-z-]+:\/\/([^/?#]*@)?(:\d*)?([/?#]|$)/.test(text)
    throw refuse(`the URL ${isHostless ? 'names no host' : 'cannot be read'}; write ${FORMS}`)
  }
  return {
    ...placeOf(url),
    username: decoded(url.username, 'user name'),
    password: decoded(url.password, 'password')
  }
}

module.exports = { parseUrl }
