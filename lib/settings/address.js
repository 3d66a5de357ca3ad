const { checkOptions, numberOption, refuse, wholeNumber } = require('./check')
const { login } = require('./login')
const { withoutBrackets } = require('./place')
const { tlsSettings } = require('./tls')

const KNOWN = {
  url: 'text',
  host: 'text',
  port: 'port',
  path: 'text',
  username: 'text',
  password: 'text',
  db: 'database',
  tls: 'tls',
  keyPrefix: 'text'
}

const FORMS =
  'redis://[user:password@]host[:port][/db], rediss://… for TLS, or unix://[user:password@]/path[?db=n]'

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

/** Takes a URL apart into the options that `fromOptions` knows. */
const parseUrl = (text) => {
  let url
  try {
    // A URL with a user and no host is none to the parser: a socket's gets one.
    url = new URL(text.replace(/^unix:\/\/([^/]*@)?\//, `unix://$1${NO_HOST}/`))
  } catch {
    // The URL is not shown: it may hold a password.
    throw refuse(`the URL cannot be read; write ${FORMS}`)
  }
  // Parts that are not known are not shown: they may be of a password that is not encoded.
  if (url.hash !== '') throw refuse('a URL of Redis holds no "#"; in a password, write it as %23')
  if ([...url.searchParams.keys()].some((name) => name !== 'db')) {
    throw refuse('unknown parameter in the URL; known is db. In a password, write "?" as %3F')
  }
  const shared = {
    username: decoded(url.username, 'user name'),
    password: decoded(url.password, 'password')
  }
  const byQuery = database(url.searchParams.get('db') ?? undefined)
  if (url.protocol === 'unix:') {
    if (url.host !== NO_HOST || url.pathname.length < 2) throw refuse(`a unix URL is ${FORMS}`)
    return { ...shared, path: decoded(url.pathname, 'path'), db: byQuery }
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw refuse(`a URL of Redis is ${FORMS}`)
  }
  if (url.hostname === '') throw refuse(`the URL names no host; write ${FORMS}`)
  const byPath = database(decoded(url.pathname.slice(1), 'database'))
  return {
    ...shared,
    host: withoutBrackets(decoded(url.hostname, 'host')),
    port: url.port === '' ? undefined : Number(url.port),
    db: byPath ?? byQuery,
    tls: url.protocol === 'rediss:' ? true : undefined
  }
}

const withoutUndefined = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

/** Options and URL as one; what is given beside the URL goes before what stands in it. */
const merged = ({ url, ...options }) => {
  const given = withoutUndefined(options)
  if (url === undefined) return given
  for (const name of ['host', 'port', 'path']) {
    if (name in given) throw refuse(`option "${name}" cannot stand beside "url"`)
  }
  return { ...withoutUndefined(parseUrl(url)), ...given }
}

/**
 * The settings that a URL or an options object stands for.
 * @param {string | object} address
 */
const settingsOf = (address) => {
  const options = typeof address === 'string' ? { url: address } : address
  checkOptions(options, KNOWN)
  const {
    host = '127.0.0.1',
    port = 6379,
    path,
    tls,
    keyPrefix,
    db = 0,
    ...given
  } = merged(options)
  if (path !== undefined && tls) throw refuse('option "tls" cannot stand beside "path"')
  if (path === '' || host === '') throw refuse(`option "${path === '' ? 'path' : 'host'}" is empty`)
  return {
    ...(path === undefined ? { host, port: numberOption('port', 'port', port) } : { path }),
    ...login(given),
    keyPrefix,
    db: wholeNumber(db),
    retry: true,
    tls: tls ? tlsSettings(tls) : undefined
  }
}

/** Whether a value is meant as an options object: a plain one that says where the server is. */
const isOptions = (value) => {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  const places = ['url', 'host', 'port', 'path']
  return (
    places.some((name) => value[name] !== undefined) &&
    !Object.values(value).some((member) => typeof member === 'function')
  )
}

module.exports = { isOptions, settingsOf }
