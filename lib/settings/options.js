const { kindOf, readOptions, refuse } = require('./check')

const KNOWN = {
  strict: 'boolean',
  onError: 'function',
  readTimeout: 'milliseconds',
  writeTimeout: 'milliseconds',
  responseTimeout: 'milliseconds',
  connectTimeout: 'milliseconds',
  keyPrefix: 'text',
  maxPending: 'count',
  durability: 'durability',
  cacheSize: 'megabytes'
}

/** `durability` and `cacheSize` are for embedded stores, which have their defaults, see `open`; `writeTimeout` and `keyPrefix` have their defaults from the client, see `native-store`. */
const DEFAULTS = {
  strict: false,
  readTimeout: 10_000,
  responseTimeout: 5_000,
  connectTimeout: 5_000,
  maxPending: 2_000_000
}

/** The factory's second argument, checked, with its defaults. */
const withDefaults = (options = {}) => {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refuse(`the options must be an object, not ${kindOf(options)}`)
  }
  return { __proto__: null, ...DEFAULTS, ...readOptions(options, KNOWN) }
}

module.exports = { withDefaults }
