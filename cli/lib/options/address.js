/** Where a store is, by the options and the environment. */

const fs = require('node:fs')
const { Option } = require('commander')
const { add } = require('./common')
const { someFile } = require('./texts')
const { usage } = require('../trouble')

/** What the options of a side begin with: a command works on one store, or on two. */
const SIDES = { one: '', from: 'from-', to: 'to-' }

const tlsOptions = (prefix, whose) => [
  new Option(
    `--${prefix}ca <file>`,
    `certificates that are trusted${whose}, in PEM; turns TLS on`
  ).argParser(someFile),
  new Option(`--${prefix}cert <file>`, `certificate of the client${whose}, in PEM`).argParser(
    someFile
  ),
  new Option(`--${prefix}key <file>`, `key of that certificate${whose}, in PEM`).argParser(someFile)
]

const GROUP = 'Connection:'

/** The options of a command on one store. */
const oneStore = (command) =>
  add(
    command,
    GROUP,
    new Option(
      '--url <address>',
      'where the store is: redis://, rediss://, redis-sentinel://, redis-cluster://, unix://, file:; ' +
        'by default what REDIS_URL in the environment says'
    ).env('KEY_STORE_URL'),
    new Option(
      '--password-file <file>',
      'file with the password, in its first line; or KEY_STORE_PASSWORD in the environment'
    ).argParser(someFile),
    ...tlsOptions('', ''),
    new Option('--key-prefix <text>', 'stands before every key')
  )

/**
 * The options of a command on two stores: what is given for both, or for one of them.
 * @param {{isBeside?: boolean}} [options] whether the command works on one store as well
 */
const twoStores = (command, { isBeside = false } = {}) => {
  if (!isBeside) {
    add(
      command,
      GROUP,
      ...tlsOptions('', ', for both stores'),
      new Option('--key-prefix <text>', 'stands before every key, in both stores')
    )
  }
  for (const side of ['from', 'to']) {
    const [prefix, whose] = [SIDES[side], ` of ${side.toUpperCase()}`]
    add(
      command,
      GROUP,
      new Option(
        `--${prefix}password-file <file>`,
        `file with the password${whose}; or KEY_STORE_${side.toUpperCase()}_PASSWORD in the environment`
      ).argParser(someFile),
      ...tlsOptions(prefix, whose),
      new Option(`--${prefix}key-prefix <text>`, `stands before every key${whose}`)
    )
  }
  return command
}

/** How much of a file an embedded store keeps, in MB: the system has the rest at hand, in memory that others may take. */
const CACHE = 4

const read = (path, option) => {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    throw usage(`${option}: ${path} cannot be read: ${error.message}`)
  }
}

const named = (prefix, name) =>
  `${prefix}${name}`.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())

/** A URL without what must not be seen. */
const shownUrl = (text) =>
  text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
    .replace(/([?&]sentinel(?:Username|Password)=)[^&]*/gi, '$1…')

/** A password in a URL, which others see in the list of processes when it is an argument. */
const hasPassword = (text) => /^[a-z-]+:\/\/[^/]*:[^/]+@|[?&]sentinelPassword=/i.test(text)

/**
 * What `Store` takes.
 * @param {object} options of the command
 * @param {'one' | 'from' | 'to'} side
 * @param {string} [argument] the address, where it is an argument
 * @param {(text: string) => void} warn
 */
const addressOf = (options, side, argument, warn) => {
  const prefix = SIDES[side]
  const { env } = process
  const url = argument ?? options.url ?? env.REDIS_URL
  if (!url) throw usage('no store is named: give --url, or set KEY_STORE_URL or REDIS_URL')
  const isGiven = argument !== undefined || url !== (env.KEY_STORE_URL ?? env.REDIS_URL)
  if (isGiven && hasPassword(url)) {
    warn(
      'a password in an argument stays in the history of the shell, and may be seen by others: ' +
        'use KEY_STORE_PASSWORD or --password-file'
    )
  }
  const own = (name) => options[named(prefix, name)] ?? options[named('', name)]
  const pem = (name) => own(name) && read(own(name), `--${prefix}${name}`)
  const variable =
    side === 'one' ? 'KEY_STORE_PASSWORD' : `KEY_STORE_${side.toUpperCase()}_PASSWORD`
  const passwordFile = options[named(prefix, 'password-file')]
  const password = passwordFile
    ? read(passwordFile, `--${prefix}password-file`).split(/\r?\n/)[0]
    : env[variable]
  const tls = Object.fromEntries(
    ['ca', 'cert', 'key'].map((name) => [name, pem(name)]).filter(([, value]) => value)
  )
  const hasTls = Object.keys(tls).length > 0
  const isLocal = /^(file|memory):/i.test(url)
  if (isLocal && (hasTls || passwordFile))
    throw usage('a file needs no password and no certificates')
  const keyPrefix = own('key-prefix')
  const given = { url, ...(password && { password }), ...(hasTls && { tls }) }
  return {
    name: shownUrl(url),
    given: isLocal ? url : given,
    options: {
      ...(isLocal && { cacheSize: CACHE }),
      ...(keyPrefix !== undefined && { keyPrefix })
    }
  }
}

module.exports = { addressOf, hasPassword, oneStore, shownUrl, twoStores }
