/** Closing a client as its own `quit` does, but in whatever state it is, and in bounded time. */

const { NativePromise } = require('../shared/globals')
const { log, reasonOf } = require('../shared/log')
const { within } = require('../shared/within')

const isFunction = (value) => typeof value === 'function'

/** Calls the first of these methods that a client has. */
const callFirst = (client, ...names) => {
  const name = names.find((each) => isFunction(client[each]))
  return name && client[name]()
}

const isReady = ({ isReady, ready, status }) =>
  isReady === true || ready === true || status === 'ready'

/** Promises what a function gives, throws or promises. */
const promised = async (run) => run()

/**
 * Promises what the client's own `quit` gives, `undefined` when that fails or takes longer than
 * `limit` ms. A client that has no connection by then is closed without a farewell; from one that has,
 * the application may still await answers.
 * @param {object} client
 * @param {(client: object) => unknown} close what its family closes it with
 * @param {number} limit in ms
 */
const closeClient = async (client, close, limit) => {
  const late = new Error(`no answer within ${limit} ms`)
  const quit = promised(() => close(client))
  try {
    return await within(limit, quit, () => late)
  } catch (error) {
    log('the client did not quit: %s', reasonOf(error))
    // Closed once more, one of ioredis keeps a timer; a pool of redis ends what it gets back later once
    // more, and throws.
    if (error === late && !isReady(client) && client.idleClients === undefined) {
      promised(() => callFirst(client, 'destroy', 'disconnect')).catch(() => {})
    }
    return undefined
  }
}

/** Resolves to nothing with the next of these events of a client. */
const heard = (client, ...events) =>
  new NativePromise((resolve) => {
    for (const event of events) client.once(event, () => resolve())
  })

module.exports = { closeClient, heard }
