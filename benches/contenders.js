/** What is compared: each makes a store over one connection, as fast as its client can. */

const fs = require('node:fs')

/** The two keys of a pair, as every contender has them. */
const botmaticKey = (i, b) => `${i}:b:${b}`
const externalKey = (i, e) => `${i}:e:${e}`

/** The best that can be written by hand: one MSET, one GET, one DEL. */
const byHand = ({ mset, get, del, wipe, close }) => ({
  saveIds: async (i, b, e) => (await mset([botmaticKey(i, b), e, externalKey(i, e), b])) === 'OK',
  getExtId: (i, b) => get(botmaticKey(i, b)),
  deleteIds: async (i, b, e) => (await del([botmaticKey(i, b), externalKey(i, e)])) === 2,
  deleteAllIds: wipe,
  quit: close
})

const tlsOf = ({ ca }) => (ca ? { ca: fs.readFileSync(ca) } : undefined)

const COUNT = 1_000

/** A plain walk: page by page, each awaited. */
const scanLoop = (scan, unlink) => async (i) => {
  let cursor = '0'
  do {
    const [next, keys] = await scan(cursor, `${i}:[be]:*`)
    if (keys.length > 0) await unlink(keys)
    cursor = next
  } while (cursor !== '0')
  return true
}

const CONTENDERS = {
  original: (where) => {
    const client = require('redis2').createClient({ ...where, tls: tlsOf(where) })
    return require('@botmatic/js-redis-key-store')(client)
  },

  'redis 6': async ({ host, port, path, ca }) => {
    const tls = ca ? { tls: true, ...tlsOf({ ca }) } : {}
    const socket = path ? { path } : { host, port, ...tls }
    const client = require('redis6').createClient({
      socket,
      maintNotifications: 'disabled',
      // A timer a command slows it, and ends seconds later, while another is clocked.
      commandOptions: { timeout: undefined }
    })
    await client.connect()
    return byHand({
      mset: (pairs) => client.sendCommand(['MSET', ...pairs.map(String)]),
      get: (key) => client.get(key),
      del: (keys) => client.del(keys),
      wipe: scanLoop(
        (cursor, MATCH) =>
          client.scan(cursor, { MATCH, COUNT }).then(({ cursor, keys }) => [cursor, keys]),
        (keys) => client.unlink(keys)
      ),
      close: () => client.quit()
    })
  },

  'ioredis 6': (where) => {
    const { Redis } = require('ioredis6')
    const client = new Redis({ ...where, tls: tlsOf(where), enableAutoPipelining: true })
    return byHand({
      mset: (pairs) => client.mset(pairs),
      get: (key) => client.get(key),
      del: (keys) => client.del(keys),
      wipe: scanLoop(
        (cursor, pattern) => client.scan(cursor, 'MATCH', pattern, 'COUNT', COUNT),
        (keys) => client.unlink(keys)
      ),
      close: () => client.quit()
    })
  },

  'valkey-glide 2': async ({ host, port, path, ca }) => {
    // It speaks TCP only, and trusts an authority only by its advanced settings.
    if (path) return undefined
    const { GlideClient } = require('@valkey/valkey-glide')
    const client = await GlideClient.createClient({
      addresses: [{ host, port }],
      requestTimeout: 60_000,
      inflightRequestsLimit: 100_000,
      useTLS: Boolean(ca),
      advancedConfiguration: ca
        ? { tlsAdvancedConfiguration: { rootCertificates: fs.readFileSync(ca) } }
        : undefined
    })
    return byHand({
      mset: ([b, e, f, g]) => client.mset({ [b]: String(e), [f]: String(g) }),
      get: (key) => client.get(key),
      del: (keys) => client.del(keys),
      wipe: scanLoop(
        (cursor, match) => client.scan(cursor, { match, count: COUNT }),
        (keys) => client.unlink(keys)
      ),
      close: () => client.close()
    })
  },

  'this store': ({ host, port, path, ca }) => {
    const where = path ? { path } : { host, port, tls: tlsOf({ ca }) }
    return require('..')(where)
  }
}

module.exports = { CONTENDERS }
