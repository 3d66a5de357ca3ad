/**
 * Every kind of client, made from one description of where the server is: `open` makes it and
 * connects it, `get` and `set` are its own commands, `lacks` says what the kind itself cannot do.
 *
 * The description is `{host, port, path, username, password, db, keyPrefix, tls}`, where `tls` is
 * `{ca, cert, key}`.
 */

const { once } = require('node:events')

const NO_PREFIX = { prefix: 'the client has none' }

const byCallback = {
  get: (client, key) => called((done) => client.get(key, done)),
  set: (client, key, value) => called((done) => client.set(key, value, done))
}

const byPromise = {
  get: (client, key) => client.get(key),
  set: (client, key, value) => client.set(key, value)
}

const called = (run) =>
  new Promise((resolve, reject) => {
    run((error, reply) => (error ? reject(error) : resolve(reply)))
  })

const quiet = (client) => client.on('error', () => {})

const redis3 = (redis, lacks = {}) => ({
  ...byCallback,
  lacks,
  isNative: true,
  open: async ({ username, keyPrefix, ...where }) => {
    const client = quiet(redis.createClient({ ...where, user: username, prefix: keyPrefix }))
    await once(client, 'ready')
    return client
  }
})

/** Options of redis 4 and newer. */
const options4 = ({ host, port, path, tls, db, ...login }) => ({
  ...login,
  database: db,
  socket: path ? { path } : { host, port, ...(tls && { tls: true, ...tls }) }
})

const redis4 = (redis, { lacks = {}, more, wrap = (client) => client, ...kind } = {}) => ({
  ...byPromise,
  isNative: true,
  ...kind,
  lacks,
  open: async (where) => {
    const client = quiet(redis.createClient({ ...options4(where), ...more }))
    await client.connect()
    return wrap(client)
  }
})

const legacy = (redis, lacks) =>
  redis4(redis, {
    ...byCallback,
    lacks: { ...NO_PREFIX, ...lacks },
    isNative: false,
    wrap: (client) => {
      const wrapped = client.legacy()
      wrappedClients.set(wrapped, client)
      return wrapped
    }
  })

/** By the wrapper that `legacy()` gave, the client in it, which only who made it can close. */
const wrappedClients = new WeakMap()

const pool = (redis, lacks) => ({
  ...byPromise,
  lacks,
  isNative: false,
  open: async (where) => {
    const client = quiet(redis.createClientPool(options4(where)))
    await client.connect()
    return client
  }
})

const ioredis = (Redis, wrap = (client) => client) => ({
  ...byPromise,
  lacks: {},
  isNative: true,
  open: async (where) => {
    const client = quiet(wrap(new Redis(where)))
    await once(client, 'ready')
    return client
  }
})

const duplicateOf = (client) => {
  client.disconnect()
  return client.duplicate()
}

const glide = {
  ...byPromise,
  isNative: true,
  lacks: { ...NO_PREFIX, mTLS: 'it takes no client certificate', 'unix socket': 'it takes none' },
  open: ({ host, port, db, tls, ...credentials }) => {
    const { GlideClient } = require('@valkey/valkey-glide')
    return GlideClient.createClient({
      addresses: [{ host, port }],
      databaseId: db,
      credentials: credentials.password === undefined ? undefined : credentials,
      useTLS: tls !== undefined,
      advancedConfiguration: tls && { tlsAdvancedConfiguration: { rootCertificates: tls.ca } }
    })
  }
}

const [four, five, six] = [require('redis4'), require('redis5'), require('redis6')]

const KINDS = {
  'redis 2.8': redis3(require('redis2'), { 'ACL user': 'it has no user names' }),
  'redis 3.1': redis3(require('redis3')),
  'redis 4.7': redis4(four, { lacks: NO_PREFIX }),
  'redis 4.7 legacyMode': redis4(four, {
    ...byCallback,
    lacks: NO_PREFIX,
    more: { legacyMode: true }
  }),
  'redis 5.12': redis4(five, { lacks: NO_PREFIX }),
  'redis 5.12 with command options': redis4(five, {
    lacks: NO_PREFIX,
    wrap: (client) => client.withCommandOptions({})
  }),
  'redis 5.12 duplicate()': redis4(five, {
    lacks: NO_PREFIX,
    wrap: async (client) => {
      client.destroy()
      return quiet(client.duplicate()).connect()
    }
  }),
  'redis 5.12 legacy()': legacy(five),
  'redis 5.12 pool': pool(five, NO_PREFIX),
  'redis 6': redis4(six),
  'redis 6 legacy()': legacy(six),
  'redis 6 pool': pool(six, {}),
  'ioredis 4': ioredis(require('ioredis4')),
  'ioredis 5': ioredis(require('ioredis5')),
  'ioredis 6': ioredis(require('ioredis6')),
  'ioredis 5 duplicate()': ioredis(require('ioredis5'), duplicateOf),
  'ioredis 5 subclass': ioredis(class Own extends require('ioredis5') {}),
  iovalkey: ioredis(require('iovalkey')),
  'valkey-glide': glide
}

module.exports = { KINDS, wrappedClients }
