/**
 * An object of no known kind that has Redis' commands by name. Whether it takes a callback shows in a
 * lookup, which changes nothing, before anything is written. Nothing is sent to it but `set`, `get` and
 * `del` of one key, and `keys`: the others take arguments that each library has its own way with.
 */

const { kindOf } = require('../settings/check')
const { NativePromise } = require('../shared/globals')
const { reasonOf } = require('../shared/log')
const { Failure } = require('./failure')
const { send } = require('./send')
const { isFunction } = require('../clients/shape')

/** A function that declares nothing but its key, and so cannot call back. */
const takesKeyOnly = (run) => {
  const source = Function.prototype.toString.call(run)
  const [head] = source.split(/\{|=>/, 1)
  return run.length === 1 && !/,/.test(head) && !/\.\.\.|\barguments\b|\[native code\]/.test(source)
}

const ignore = () => {}

const isText = (reply) => typeof reply === 'string' || ArrayBuffer.isView(reply)

const isNothing = (reply) => reply === undefined || reply === null

/** Text that a decoder would change, or take for something else. */
const isDelicate = (text) => {
  if (/[\r\n]/.test(text)) return true
  try {
    const value = JSON.parse(text)
    return typeof value !== 'number' || String(value) !== text
  } catch {
    return false
  }
}

const unfit = (what) =>
  new Failure(
    'REPLY',
    `the client's commands are not as those of Redis: ${what}; pass a client of redis or ioredis, or the URL of its server`
  )

class Stranger {
  #client
  /** `undefined` until it is known. */
  #callsBack
  /** Whether `del` was seen to reply how many keys there were. */
  tellsCount = false

  constructor(client) {
    this.#client = client
  }

  get isReady() {
    return this.#callsBack !== undefined
  }

  /** The text of a key, `null` when there is none. */
  async get(key) {
    const heard = this.isReady ? undefined : await this.learn(key)
    const reply = await (heard ? heard() : this.#send('get', key))
    if (isNothing(reply)) return null
    if (isText(reply)) return typeof reply === 'string' ? reply : Buffer.from(reply).toString()
    // What promises is of these times, and has decoded what it was given.
    if (this.#callsBack && typeof reply !== 'object') return String(reply)
    throw unfit(`its "get" gave ${kindOf(reply)}, where text was kept`)
  }

  /** How many keys of this name there were, where it tells. */
  async del(key) {
    const reply = await this.#send('del', key)
    if (typeof reply === 'number') this.tellsCount = true
    return reply
  }

  /** Sets two keys, and sees that what it may decode comes back as it was: else they are to go again. */
  async set(...pairs) {
    const ends = await NativePromise.allSettled(
      pairs.map(([key, value]) => this.#send('set', key, value))
    )
    const failed = ends.find(({ status }) => status === 'rejected')
    if (failed) {
      // One node of a cluster, with one of the keys alone: no half of a pair stays there.
      const isElsewhere = /^(MOVED|ASK) /.test(reasonOf(failed.reason))
      const set = pairs.filter((_, n) => isElsewhere && ends[n].status === 'fulfilled')
      await NativePromise.allSettled(set.map(([key]) => this.#send('del', key)))
      throw failed.reason
    }
    if (ends.some(({ value }) => value === false)) throw unfit('its "set" gave false')
    for (const [key, value] of pairs) {
      if (!isDelicate(value)) continue
      const kept = await this.get(key).catch((error) => error)
      if (kept === value) continue
      await NativePromise.all(pairs.map(([name]) => this.#send('del', name)))
      throw kept instanceof Error ? kept : unfit('its "get" gave another text than was set')
    }
  }

  /** The names of keys that a pattern fits, others among them. */
  search(pattern) {
    if (isFunction(this.#client.keys)) return this.#send('keys', pattern)
    throw unfit('it has no "keys", by which deleteAllIds finds them')
  }

  page() {
    throw unfit('it has no "scan" that is known to be as that of Redis, by which ids are listed')
  }

  async #send(name, ...args) {
    return this.#callsBack ? send(this.#client, name, ...args) : this.#client[name](...args)
  }

  /**
   * Looks a key up with a callback, and learns how the answer comes. Resolves to a function that gives
   * it, or to nothing when it has to be asked for without a callback.
   */
  learn(key) {
    return new NativePromise((resolve, reject) => {
      const learned = (callsBack, heard) => {
        this.#callsBack ??= callsBack
        resolve(heard)
      }
      let heard
      let hasReturned = false
      const done = (error, reply) => {
        heard = () => (error ? NativePromise.reject(error) : reply)
        if (hasReturned) learned(true, heard)
      }
      const answer = this.#client.get(key, done)
      hasReturned = true
      if (isFunction(answer?.then)) {
        // Not what was asked for, if it made something of the callback.
        answer.then(ignore, ignore)
        learned(false)
      } else if (heard) {
        learned(true, heard)
      } else if (isText(answer) || (isNothing(answer) && takesKeyOnly(this.#client.get))) {
        learned(false, () => answer)
      } else if (answer === done) {
        reject(unfit('its "get" gave back the callback that it was given'))
      }
    })
  }
}

module.exports = { Stranger }
