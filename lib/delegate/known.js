/** A client whose commands are known, although where its server is cannot be told. */

const { NativePromise } = require('../shared/globals')
const { Failure } = require('./failure')
const { send } = require('./send')
const { isFunction } = require('../clients/shape')

const isCluster = (client) => client.isCluster === true || Array.isArray(client.masters)

/** Each server of a client that holds keys, as a client. */
const nodes = (client) => {
  if (!isCluster(client)) return [client]
  if (isFunction(client.nodes)) return client.nodes('master')
  return NativePromise.all(client.masters.map((master) => client.nodeClient(master)))
}

/** `redis` from version 4 on takes options as an object, but not where it keeps the old ways. */
const takesObjects = (client) => isFunction(client.mSet) && !client.mset && isFunction(client.on)

/** One page of keys, and the cursor of the next one. */
const scanPage = async (node, match, cursor) => {
  const options = takesObjects(node)
    ? [{ MATCH: match, COUNT: 1_000 }]
    : ['MATCH', match, 'COUNT', '1000']
  const reply = await send(node, 'scan', cursor, ...options)
  const [next, keys] = Array.isArray(reply) ? reply : [reply.cursor, reply.keys]
  return [String(next), keys]
}

const scan = async (node, match, inTime) => {
  const found = []
  let cursor = '0'
  do {
    inTime()
    const [next, page] = await scanPage(node, match, cursor)
    for (const key of page) found.push(key)
    cursor = next
  } while (cursor !== '0')
  return found
}

/** Whether an error says that a command over two keys is not to be had: CROSSSLOT, or no such command. */
const isForOneKey = ({ message }) =>
  /^CROSSSLOT|unknown command|unsupported command|^NOPERM.* to run the/i.test(message)

const NO_SCAN =
  'the client has no "scan", by which ids are listed; pass a client of redis or ioredis, or the URL of its server'

class Known {
  isReady = true
  tellsCount = true
  #client
  /** Whether two keys are set one by one: the server took no command over both. */
  #sets = false

  constructor(client) {
    this.#client = client
  }

  /** Text of a reply, which some clients give as a Buffer; `null` when there is none. */
  async get(key) {
    const reply = await send(this.#client, 'get', key)
    return reply === null || reply === undefined ? null : String(reply)
  }

  /** How many keys of this name there were. */
  del(key) {
    return send(this.#client, 'del', key)
  }

  /** Sets two keys: in one step where the client can. */
  set(first, second) {
    const client = this.#client
    if (isCluster(client)) return this.#setEach(first, second)
    if (this.#sets) return this.#setFound(first, second)
    if (isFunction(client.mset)) return this.#setBoth(first, second, 'mset', ...first, ...second)
    if (isFunction(client.mSet)) return this.#setBoth(first, second, 'mSet', [...first, ...second])
    return this.#setEach(first, second)
  }

  async #setBoth(first, second, ...command) {
    try {
      return await send(this.#client, ...command)
    } catch (error) {
      if (!isForOneKey(error)) throw error
      this.#sets = true
      return this.#setFound(first, second)
    }
  }

  /** Its server may be one node of a cluster, with one of the keys alone: that shows before any is written. */
  async #setFound(first, second) {
    await NativePromise.all([first, second].map(([key]) => send(this.#client, 'get', key)))
    return this.#setEach(first, second)
  }

  #setEach(...pairs) {
    return NativePromise.all(pairs.map((pair) => send(this.#client, 'set', ...pair)))
  }

  /**
   * Some names of keys that a pattern fits, from where the page before said: `next`, which is empty at the
   * end.
   */
  async page(pattern, from) {
    if (!isFunction(this.#client.scan)) throw new Failure('REPLY', NO_SCAN)
    const [at, cursor] = from === '' ? [0, '0'] : from.split('.')
    const all = [...(await nodes(this.#client))]
    const [next, keys] = await scanPage(all[at], pattern, cursor)
    if (next !== '0') return { next: `${at}.${next}`, keys }
    return { next: Number(at) + 1 < all.length ? `${Number(at) + 1}.0` : '', keys }
  }

  /** The names of keys that a pattern fits. */
  async search(pattern, inTime) {
    const search = isFunction(this.#client.scan)
      ? (node) => scan(node, pattern, inTime)
      : (node) => send(node, 'keys', pattern)
    const found = await NativePromise.all([...(await nodes(this.#client))].map(search))
    return found.flat()
  }
}

module.exports = { Known }
