/** The commands that calls are made of, over what a client offers. */

const { Known } = require('./known')
const { isKnown } = require('../clients/shape')
const { Stranger } = require('./stranger')

/** What of a client's own prefix stands before the keys that it sends. */
const prefixOf = ({ _keyPrefix, options }) =>
  String(_keyPrefix ?? options?.keyPrefix ?? options?.prefix ?? '')

/**
 * A pattern of the keys that start with `start`, and of others: mocks read patterns each in a way of their
 * own, so all but plain letters is left open.
 */
const patternOf = (start) => `${start.replace(/[^\w:-]+/g, '*')}*`

class Commands {
  #client
  #prefix
  #inTime

  /** The commands of `client`, known when it is `ofFamily`, for calls that have no deadline yet. */
  static of(client, ofFamily) {
    const known = ofFamily || isKnown(client)
    return new Commands(known ? new Known(client) : new Stranger(client), prefixOf(client))
  }

  constructor(client, prefix, inTime = () => {}) {
    this.#client = client
    this.#prefix = prefix
    this.#inTime = inTime
  }

  get hasPrefix() {
    return this.#prefix !== ''
  }

  /** The same for one call: `inTime` throws when its deadline has passed, and nothing is sent then. */
  until(inTime) {
    return new Commands(this.#client, this.#prefix, inTime)
  }

  async get(key) {
    this.#inTime()
    return this.#client.get(key)
  }

  /** Whether the key was there. Not all objects tell; for those it is looked up before. */
  async del(key) {
    const held = this.#client.tellsCount || (await this.#holds(key))
    this.#inTime()
    const reply = await this.#client.del(key)
    return this.#client.tellsCount ? Number(reply) > 0 : held
  }

  /** Sets two keys, each a pair of name and value. */
  async set(first, second) {
    if (!this.#client.isReady) await this.#client.learn(first[0])
    this.#inTime()
    return this.#client.set(first, second)
  }

  /**
   * The names of the keys that start with `stem`, without the client's own prefix. Clients put that
   * before a key to delete but not before a pattern; some mocks have the option and put it nowhere.
   * So both are searched, which is safe: a name that is in use only without the prefix stands for
   * no key when it comes to deleting.
   */
  async find(stem) {
    const starts = new Set([`${this.#prefix}${stem}`, stem])
    const names = new Set()
    for (const start of starts) {
      for (const key of await this.#search(start)) {
        if (key.startsWith(start)) names.add(`${stem}${key.slice(start.length)}`)
      }
    }
    return names
  }

  /**
   * Some of those names, from where the page before said, which is in `next`: empty at the end. Where a
   * client's prefix may stand before a pattern or not, names come twice.
   */
  async page(stem, cursor) {
    const starts = [...new Set([`${this.#prefix}${stem}`, stem])]
    const [first, ...rest] = cursor.split('.')
    const at = rest.length > 0 ? Number(first) : 0
    this.#inTime()
    const page = await this.#client.page(patternOf(starts[at]), rest.join('.'), this.#inTime)
    const isLast = page.next === '' && at + 1 === starts.length
    const keys = Array.from(page.keys, String).filter((key) => key.startsWith(starts[at]))
    return {
      next: isLast ? '' : page.next === '' ? `${at + 1}.` : `${at}.${page.next}`,
      names: keys.map((key) => `${stem}${key.slice(starts[at].length)}`)
    }
  }

  /** Keys that start with `start`, among others. */
  async #search(start) {
    if (!this.#client.isReady) await this.#client.learn(start)
    this.#inTime()
    const found = await this.#client.search(patternOf(start), this.#inTime)
    return Array.from(found, String)
  }

  async #holds(key) {
    try {
      return (await this.get(key)) !== null
    } catch (error) {
      if (/WRONGTYPE/.test(error?.message)) return true
      throw error
    }
  }
}

module.exports = { Commands }
