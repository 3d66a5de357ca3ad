/** Clients of @valkey/valkey-glide, standalone and cluster. */

const { refuse } = require('../check')
const { tlsSettings } = require('../tls')
const { within } = require('../within')

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  Array.isArray(client.config?.addresses) &&
  typeof client.customCommand === 'function'

/** None: what cannot be read has no other way either, so `settings` refuses it. */
const foreign = () => undefined

const isCluster = (client) => typeof client.fcallWithRoute === 'function'

const place = (client) => {
  const addresses = client.config.addresses.map(({ host, port = 6379 }) => ({ host, port }))
  if (addresses.length === 0 || !addresses.every(({ host }) => host)) {
    throw refuse('this looks like a valkey-glide client, but its addresses name no host')
  }
  if (isCluster(client)) return { nodes: addresses }
  if (addresses.length !== 1) {
    throw refuse(
      `this valkey-glide client names ${addresses.length} addresses, and which of them is the ` +
        'primary cannot be told; pass a client with the address of the primary alone, or its URL'
    )
  }
  return addresses[0]
}

const login = ({ credentials }) => {
  if (!credentials) return {}
  if (!credentials.password) {
    throw refuse('this valkey-glide client logs in without a password (IAM), which is unsupported')
  }
  return { username: credentials.username, password: credentials.password }
}

const tlsOf = (config) => {
  if (!config.useTLS) return undefined
  const { insecure, rootCertificates: ca } =
    config.advancedConfiguration?.tlsAdvancedConfiguration ?? {}
  return tlsSettings({ ca, rejectUnauthorized: insecure === true ? false : undefined })
}

const settings = (client) => {
  const { config } = client
  const where = place(client)
  return {
    ...where,
    ...login(config),
    db: config.databaseId ?? 0,
    retry: true,
    tls: tlsOf(config)
  }
}

/** `updateConnectionPassword` makes a new `config`. */
const hasChanged = ({ config }, known) => login(config).password !== known.password

/** The database that `select` chose, which is asked once, on the client's own connection. */
const ask = (client, told) =>
  told.db === undefined && !isCluster(client) ? askedDatabase(client) : undefined

const askedDatabase = async (client) => {
  try {
    const info = await within(1_000, client.customCommand(['CLIENT', 'INFO']))
    return { db: Number(/ db=(\d+) /.exec(String(info))?.[1] ?? 0) }
  } catch {
    return { db: client.config.databaseId ?? 0 }
  }
}

const isClosed = (client) => client.isClosed === true

/** A closed client stays closed. */
const isOpen = (client) => !isClosed(client)

/** It emits nothing, so its state is looked at with each call. */
const watch = () => {}

const close = (client) => client.close()

module.exports = { isMine, foreign, settings, hasChanged, ask, isOpen, isClosed, watch, close }
