const diagnostics = require('node:diagnostics_channel')
const debug = require('debug')('botmatic:js-redis-key-store')
const native = require('../native')
const { isOptions, settingsOf } = require('./address')
const { kindOf, refuse } = require('./check')
const redis3 = require('./clients/redis3')
const { unsupportedFamily } = require('./clients/unsupported')

const FAMILIES = [redis3]

const ACCEPTED =
  'pass a client of redis 2 or 3, a URL (redis://, rediss://, unix://), ' +
  'or {url} or {host, port, path, username, password, db, tls, keyPrefix}'

const channel = diagnostics.channel('js-redis-key-store:connection')

const TEXTS = {
  connecting: (server) => `connecting to ${server}`,
  ready: (server) => `connected to ${server}`,
  failed: (_, reason) => `cannot connect: ${reason}`,
  lost: (_, reason) => `connection lost: ${reason}`
}

/** Tells what happens to a connection, and counts in `told` how often it was there. */
const listener = (told) => (state, server, reason) => {
  if (state === 'ready') told.ready++
  if (debug.enabled) debug('%s', TEXTS[state](server, reason))
  if (channel.hasSubscribers) channel.publish({ state, server, reason: reason || undefined })
}

/** Runs the native side's own checks, whose complaints are about what the caller passed. */
const checked = (run) => {
  try {
    return run()
  } catch (error) {
    throw refuse(error.message)
  }
}

/** Where a store's pairs are: a client or an address, and the native link to its server. */
class Source {
  /** Stores of one client share its connection, as long as they agree on its timeouts. */
  static #byClient = new WeakMap()

  #client
  #family
  #timeouts
  #isClosed = false
  /** Apart from this object, which the native side must not keep alive. */
  #told = { ready: 0 }

  constructor(settings, timeouts, client, family) {
    this.settings = settings
    this.#timeouts = timeouts
    this.#client = client
    this.#family = family
    this.link = checked(() => new native.Link({ ...settings, ...timeouts }, listener(this.#told)))
    if (!client) return
    if (family.isClosed(client)) this.#closeLink()
    else family.watch(client, () => this.#closeLink())
  }

  /**
   * The source behind the factory's first argument.
   * @param {unknown} given a client, URL or options object
   * @param {{connectTimeout: number, responseTimeout: number}} timeouts
   */
  static of(given, { connectTimeout, responseTimeout }) {
    const timeouts = { connectTimeout, responseTimeout }
    const family = FAMILIES.find(({ isMine }) => isMine(given))
    if (!family) return new Source(addressOf(given), timeouts)
    const key = `${connectTimeout}/${responseTimeout}`
    let sources = Source.#byClient.get(given)
    if (!sources) Source.#byClient.set(given, (sources = new Map()))
    if (!sources.has(key)) {
      sources.set(key, new Source(family.settings(given), timeouts, given, family))
    }
    return sources.get(key)
  }

  /** How often a connection was made anew. */
  get reconnects() {
    return Math.max(0, this.#told.ready - 1)
  }

  /** Catches up with what the application did to its client since the last call. */
  refresh() {
    if (this.#family?.hasChanged(this.#client, this.settings)) {
      this.settings = this.#family.settings(this.#client)
      this.link.update({ ...this.settings, ...this.#timeouts })
    }
  }

  /**
   * Closes the client as its own quit() does, and the connection once the calls already made have
   * completed. Resolves to what the client's quit() gives; without a client, to whether it was open.
   */
  async close() {
    const wasOpen = !this.#isClosed
    const result = this.#client ? this.#family.close(this.#client) : wasOpen
    await this.#closeLink()
    return result
  }

  #closeLink() {
    this.#isClosed = true
    return this.link.close()
  }
}

const addressOf = (given) => {
  if (typeof given === 'string' || isOptions(given)) return settingsOf(given)
  const family = unsupportedFamily(given)
  throw refuse(
    family
      ? `${family} is not supported yet; ${ACCEPTED}`
      : `${kindOf(given)} is no client; ${ACCEPTED}`
  )
}

module.exports = { Source }
