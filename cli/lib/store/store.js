/** A store that a command works on, with what there is to say of it. */

const createKeyStore = require('js-redis-key-store')
const { parseEmbedded } = require('js-redis-key-store/lib/settings/embedded')
const { usage } = require('../trouble')

/** How long closing may take, in ms. */
const CLOSING = 1_000

/** Deadline of a call, in ms: how long a job waits is for `--timeout` to say, which knows whether it gets on. */
const DEADLINE = 3_600_000

class Store {
  /** The library's. */
  store
  /** As messages call it; without a password. */
  name
  /** The path of an embedded store's file. */
  file
  /** What stands before its keys. */
  keyPrefix
  #reasons = new Map()

  /** @param {{name: string, given: string | object, options: object}} address see `addressOf`: text of an embedded store */
  constructor({ name, given, options }) {
    this.name = name
    this.keyPrefix = options.keyPrefix ?? ''
    try {
      if (typeof given === 'string') this.file = parseEmbedded(given).file
      this.store = createKeyStore(given, {
        readTimeout: DEADLINE,
        writeTimeout: DEADLINE,
        ...options,
        strict: true,
        onError: ({ code, message }) => this.#reasons.set(code, message)
      })
    } catch (error) {
      throw usage(error.message.replace(/^js-redis-key-store: /, ''))
    }
  }

  /** Why calls failed with a code, as text. */
  reasonOf(code) {
    return this.#reasons.get(code) ?? (code === 'NOID' ? 'one of its ids is none' : code)
  }

  /** Whether a walk has left keys out, as they hold no text. */
  get hasLeftOut() {
    return this.#reasons.has('WRONGTYPE')
  }

  /** @param {boolean} isLeft whether calls may be under way that nobody waits for */
  async close(isLeft) {
    const closed = this.store.quit().catch(() => {})
    let timer
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, isLeft ? 0 : CLOSING)
    })
    await Promise.race([closed, late])
    clearTimeout(timer)
  }
}

module.exports = { Store }
