const { isAddress, settingsOf, withoutPlace } = require('./settings/address')
const { isPlain } = require('./settings/members')
const { kindOf, refuse } = require('./settings/check')
const { recognised } = require('./clients/recognised')
const { Delegate } = require('./delegate/delegate')
const { NativeStore } = require('./native/native-store')
const { log } = require('./shared/log')
const { binding, missing } = require('./native/load')
const { Source } = require('./native/source')

const ACCEPTED =
  'pass a client of redis, ioredis, iovalkey or valkey-glide, an object with get, set and del, ' +
  'a URL (redis://, rediss://, redis-sentinel://, redis-cluster://, unix://, file:, memory:), ' +
  'or {url} or {host, port, path, sentinel, cluster, username, password, db, tls, keyPrefix}'

/** The commands that every client has. */
const COMMANDS = ['get', 'set', 'del']

/** What is wrong with what is neither a client nor an address. Wrong options throw. */
const complaint = (value) => {
  const own = typeof value === 'object' && value !== null ? value : {}
  const has = (name) => typeof own[name] === 'function'
  if (has('then')) return 'a promise is no client: await it first'
  if (has('createClient')) return 'a package is no client: pass what its createClient() gives'
  if (COMMANDS.some(has)) {
    const missing = COMMANDS.filter((name) => !has(name))
    return `an object without ${missing.join(' and ')} is no client`
  }
  if (own === value && !Array.isArray(value) && isPlain(value)) return withoutPlace(value)
  return `${kindOf(value)} is no client`
}

/** What an embedded store does with its file, `cacheSize` in MB. */
const embedding = ({ durability = 'immediate', cacheSize = 64 }) => ({
  durable: durability === 'immediate',
  cacheSize
})

/** Options of embedded stores mean nothing to a server. */
const refuseEmbedding = (given) => {
  const [name] = ['durability', 'cacheSize'].filter((own) => given[own] !== undefined)
  if (name) throw refuse(`option "${name}" is for the stores of file: and memory: only`)
}

/** The code of what is said when there is no native binary. */
const NO_BINARY = 'KEY_STORE_NO_BINARY'

let isWarned = false

/** Warns once that a client is slower than it could be. */
const warn = () => {
  if (!isWarned) process.emitWarning(missing, { type: 'KeyStoreWarning', code: NO_BINARY })
  isWarned = true
}

/**
 * The calls of a store for the factory's first argument: over a connection of its own where the
 * server can be told, else over the client's commands.
 * @param {unknown} client
 * @param {object} given the factory's second argument, with its defaults
 */
const open = (client, given) => {
  const { connectTimeout, responseTimeout } = given
  const timeouts = { connectTimeout, responseTimeout }
  const { client: served, family, problem } = recognised(client)
  if (problem) throw refuse(`this is ${problem}; ${ACCEPTED}`)
  if (!served) {
    if (!isAddress(client)) throw refuse(`${complaint(client)}; ${ACCEPTED}`)
    const settings = settingsOf(client)
    const isEmbedded = Boolean(settings.file ?? settings.memory)
    if (!isEmbedded) refuseEmbedding(given)
    if (!binding) throw Object.assign(new Error(missing), { code: NO_BINARY })
    const own = isEmbedded ? { ...settings, ...embedding(given) } : settings
    return new NativeStore(new Source(own, timeouts), given)
  }
  refuseEmbedding(given)
  const foreign = family?.foreign(served)
  const isNative = family && !foreign
  if (isNative && binding) {
    return new NativeStore(Source.ofClient(client, family, timeouts), given)
  }
  if (isNative) warn()
  else
    log('served by the commands of the client itself: %s', foreign ?? 'its server cannot be told')
  return new Delegate(served, given, family)
}

module.exports = { open }
