/** The commands of a client that is served through itself, alike for all kinds of clients. */

const { NativePromise } = require('../shared/globals')

const isFunction = (value) => typeof value === 'function'

/** Sends a command and promises its reply, whether the client answers by callback or by promise. */
const send = (client, name, ...args) =>
  new NativePromise((resolve, reject) => {
    const answer = client[name](...args, (error, reply) => (error ? reject(error) : resolve(reply)))
    if (isFunction(answer?.then)) answer.then(resolve, reject)
  })

/** Text of a reply, which some clients give as a Buffer; `null` when there is none. */
const text = (reply) => (reply === null || reply === undefined ? null : String(reply))

const isCluster = (client) => client.isCluster === true || Array.isArray(client.masters)

/** Each server of a client that holds keys, as a client. */
const nodes = (client) => {
  if (!isCluster(client)) return [client]
  if (isFunction(client.nodes)) return client.nodes('master')
  return NativePromise.all(client.masters.map((master) => client.nodeClient(master)))
}

/** `redis` from version 4 on takes options as an object, but not where it keeps the old ways. */
const takesObjects = (client) => isFunction(client.mSet) && !client.mset && isFunction(client.on)

const scan = async (node, match) => {
  const options = takesObjects(node)
    ? [{ MATCH: match, COUNT: 1_000 }]
    : ['MATCH', match, 'COUNT', '1000']
  const found = []
  let cursor = '0'
  do {
    const reply = await send(node, 'scan', cursor, ...options)
    const [next, page] = Array.isArray(reply) ? reply : [reply.cursor, reply.keys]
    for (const key of page) found.push(String(key))
    cursor = String(next)
  } while (cursor !== '0')
  return found
}

/** What of a client's own prefix stands before the keys that it sends. */
const prefixOf = ({ _keyPrefix, options }) =>
  String(_keyPrefix ?? options?.keyPrefix ?? options?.prefix ?? '')

/** Whether an error says that a command over two keys is not to be had: CROSSSLOT, or no such command. */
const isForOneKey = ({ message }) =>
  /^CROSSSLOT|unknown command|unsupported command|^NOPERM.* to run the/i.test(message)

class Commands {
  #client
  #prefix
  /** Whether two keys are set one by one: the server took no command over both. */
  #sets = false

  constructor(client) {
    this.#client = client
    this.#prefix = prefixOf(client)
  }

  get hasPrefix() {
    return this.#prefix !== ''
  }

  async get(key) {
    return text(await send(this.#client, 'get', key))
  }

  /** Whether the key was there. */
  async del(key) {
    return Number(await send(this.#client, 'del', key)) > 0
  }

  /** Sets two keys: in one step where the client can. */
  set(first, second) {
    const client = this.#client
    if (this.#sets || isCluster(client)) return this.#setEach(first, second)
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
      return this.#setEach(first, second)
    }
  }

  #setEach(...pairs) {
    return NativePromise.all(pairs.map((pair) => send(this.#client, 'set', ...pair)))
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
   * Keys that start with `start`, among others: mocks read patterns each in a way of their own, so
   * all but plain letters is left open.
   */
  async #search(start) {
    const pattern = `${start.replace(/[^\w:-]+/g, '*')}*`
    const search = isFunction(this.#client.scan)
      ? (node) => scan(node, pattern)
      : (node) => send(node, 'keys', pattern)
    const found = await NativePromise.all([...(await nodes(this.#client))].map(search))
    return found.flat().map(String)
  }
}

module.exports = { Commands }
