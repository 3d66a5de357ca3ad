const { isOptions, settingsOf } = require('./settings/address')
const { kindOf, refuse } = require('./settings/check')
const { Delegate, isDelegable } = require('./delegate/delegate')
const { NativeStore } = require('./native/native-store')
const { log } = require('./shared/log')
const { Source } = require('./native/source')

const FAMILIES = [
  require('./clients/redis-2-3'),
  require('./clients/redis-4-6'),
  require('./clients/redis-4-6-cluster'),
  require('./clients/redis-4-6-sentinel'),
  require('./clients/ioredis'),
  require('./clients/ioredis-cluster'),
  require('./clients/glide')
]

const ACCEPTED =
  'pass a client of redis, ioredis, iovalkey or valkey-glide, an object with get, set and del, ' +
  'a URL (redis://, rediss://, unix://), ' +
  'or {url} or {host, port, path, username, password, db, tls, keyPrefix}'

/**
 * The calls of a store for the factory's first argument: over a connection of its own where the
 * server can be told, else over the client's commands.
 * @param {unknown} client
 * @param {object} given the factory's second argument, with its defaults
 */
const open = (client, given) => {
  const { connectTimeout, responseTimeout } = given
  const timeouts = { connectTimeout, responseTimeout }
  if (typeof client === 'string' || isOptions(client)) {
    return new NativeStore(new Source(settingsOf(client), timeouts), given)
  }
  const family = FAMILIES.find(({ isMine }) => isMine(client))
  const foreign = family?.foreign(client)
  if (family && !foreign) return new NativeStore(Source.ofClient(client, family, timeouts), given)
  if (!family && !isDelegable(client)) {
    throw refuse(`${kindOf(client)} is no client; ${ACCEPTED}`)
  }
  log('served by the commands of the client itself: %s', foreign ?? 'its server cannot be told')
  return new Delegate(client, given, family?.close)
}

module.exports = { open }
