/** Clients of @valkey/valkey-glide, standalone and cluster. */

const { numberOption, refuse } = require('../settings/check')
const { login } = require('../settings/login')
const { tlsSettings } = require('../settings/tls')
const { askedDatabase } = require('./client-info')
const { override, tellAfter, watching } = require('./watching')

/** How long a question may take, in ms. */
const PATIENCE = 1_000

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  Array.isArray(client.config?.addresses) &&
  typeof client.customCommand === 'function'

/** None: what cannot be read has no other way either, so `settings` refuses it. */
const foreign = () => undefined

const isCluster = (client) => typeof client.fcallWithRoute === 'function'

const place = (client) => {
  const addresses = client.config.addresses.map(({ host, port = 6379 }) => ({
    host,
    port: numberOption('port', 'addresses.port', port)
  }))
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

/** By client: the password that it was given later, which its `config` mostly does not tell. */
const passwords = new WeakMap()

/** Without a password it does not log in, whatever the user. */
const loginOf = (client) => {
  const { username, password } = client.config.credentials ?? {}
  const latest = passwords.has(client) ? passwords.get(client) : password
  return login(latest ? { username, password: latest } : {})
}

const tlsOf = (config) => {
  if (!config.useTLS) return undefined
  const { insecure, rootCertificates: ca } =
    config.advancedConfiguration?.tlsAdvancedConfiguration ?? {}
  return tlsSettings({ ca, rejectUnauthorized: insecure === true ? false : undefined })
}

const database = ({ config }) => numberOption('database', 'databaseId', config.databaseId || 0)

const settings = (client) => {
  const { config } = client
  const where = place(client)
  if (config.credentials && 'iamConfig' in config.credentials) {
    throw refuse('this valkey-glide client logs in by IAM, which is unsupported')
  }
  return {
    ...where,
    ...loginOf(client),
    db: database(client),
    retry: true,
    tls: tlsOf(config)
  }
}

const hasChanged = (client, known) => loginOf(client).password !== known.password

/**
 * The database that `select` chose, which is asked once, on the client's own connection. A proxy that
 * closes it on `CLIENT` has done that before: such a client sends one when it connects, and fails then.
 */
const ask = (client, told) => {
  if (told.db !== undefined || isCluster(client)) return undefined
  const question = () => client.customCommand(['CLIENT', 'INFO'])
  return askedDatabase(question, PATIENCE, () => database(client))
}

const isClosed = (client) => client.isClosed === true

/** A closed client stays closed. */
const isOpen = (client) => !isClosed(client)

/** It emits nothing. */
const watch = watching((client, tell) => {
  tellAfter(client, 'close', tell)
  override(
    client,
    'updateConnectionPassword',
    (update) =>
      async function (password, ...rest) {
        const reply = await update.call(this, password, ...rest)
        passwords.set(client, password)
        return reply
      }
  )
})

const close = (client) => client.close()

/**
 * Its commands in the form that other clients have them in. A cluster's are asked for `KEYS`, since
 * the cursor of its `SCAN` is a class that no client gives.
 */
const commands = (client) => {
  const command =
    (name) =>
    (...words) =>
      client.customCommand([name, ...words.filter((word) => typeof word !== 'function')])
  const both = { get: command('GET'), set: command('SET'), del: command('DEL') }
  return isCluster(client)
    ? { ...both, keys: command('KEYS') }
    : { ...both, mset: command('MSET'), scan: command('SCAN') }
}

module.exports = {
  isMine,
  foreign,
  settings,
  hasChanged,
  ask,
  isOpen,
  isClosed,
  watch,
  close,
  commands
}
