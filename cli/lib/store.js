/** Stores by their address, as the options of a command say. */

const fs = require('node:fs')
const createKeyStore = require('js-redis-key-store')
const { Incomplete, UsageError } = require('./exit')

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error.message}`)
  }
}

/** The password, which no option holds: those of a process are seen by others. */
const passwordOf = ({ passwordFile }, environment) =>
  passwordFile ? read(passwordFile).replace(/\r?\n$/, '') : process.env[environment]

const tlsOf = ({ ca, cert, key }) =>
  ca || cert || key
    ? { tls: { ca: ca && read(ca), cert: cert && read(cert), key: key && read(key) } }
    : {}

/** An address as it may be shown: without its password. */
const shown = (url) =>
  url.replace(/^([a-z+-]+:\/\/)([^@/]*)@/i, (_, scheme, login) => {
    const [user] = login.split(':')
    return `${scheme}${user ? `${user}@` : ''}`
  })

const isEmbedded = (url) => /^(file|memory):/i.test(url)

/**
 * Opens a store, which is connected then.
 * @param {string | undefined} url
 * @param {object} options of the command
 * @param {{prefix?: string, environment?: string}} [own] what is of this store alone
 */
const openStore = async (url, options, own = {}) => {
  if (!url) {
    throw new UsageError(
      'say where the pairs are: --url, or KEY_STORE_URL or REDIS_URL in the environment'
    )
  }
  const { prefix = options.keyPrefix, environment = 'KEY_STORE_PASSWORD' } = own
  const timeout = options.timeout * 1000
  const password = passwordOf(options, environment)
  let last
  let store
  try {
    const server = isEmbedded(url) ? {} : { ...(password && { password }), ...tlsOf(options) }
    store = createKeyStore(
      { url, ...server },
      {
        strict: true,
        readTimeout: timeout,
        writeTimeout: timeout,
        ...(prefix !== undefined && { keyPrefix: prefix }),
        onError: (error) => (last = error)
      }
    )
  } catch (error) {
    throw new UsageError(error.message.replace(/^js-redis-key-store: /, ''))
  }
  try {
    await store.ready()
  } catch (error) {
    await store.quit()
    throw new Incomplete(error.message.replace(/^getExtId for integration "" failed: /, ''))
  }
  return Object.create(store, {
    address: { value: shown(url) },
    isEmbedded: { value: isEmbedded(url) },
    /** What the last call failed with: one of many is told by its code only. */
    lastError: { get: () => last }
  })
}

/** Where the pairs are by default. */
const defaultUrl = () => process.env.KEY_STORE_URL ?? process.env.REDIS_URL

module.exports = { defaultUrl, openStore, shown }
