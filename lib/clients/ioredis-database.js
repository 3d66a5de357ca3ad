/**
 * The database of a client of ioredis or iovalkey. Such a client takes a `select` for done once it
 * has sent it and never takes that back, so what the server replies is looked at here.
 */

const { wholeNumber } = require('../settings/check')

/**
 * By client: the database that the server confirmed `last` and the one it `refused`; the one that
 * was `sent` last, and where the client stays `behind` when that is refused.
 */
const states = new WeakMap()

const ofOptions = ({ options }) => wholeNumber(options.db) ?? 0

/** Functions that stand before a command's own, to look at its reply. */
const looking = new WeakSet()

const look = (state, command) => {
  if (command?.name !== 'select' || looking.has(command.resolve)) return
  const db = Number.parseInt(command.args[0], 10)
  const { resolve, reject } = command
  command.resolve = (reply) => {
    state.last = db
    return resolve(reply)
  }
  command.reject = (error) => {
    if (error?.name === 'ReplyError') state.refused = db
    return reject(error)
  }
  looking.add(command.resolve)
  state.behind = state.sent === state.refused ? state.last : state.sent
  state.sent = db
  // It may be taken now.
  if (state.refused === db) state.refused = undefined
}

const queues = (client) => [client.commandQueue, client.offlineQueue]

const lookAtAll = (state, client) => {
  for (const queue of queues(client)) {
    for (let n = 0; n < queue.length; n++) look(state, queue.peekAt(n).command)
  }
}

const stateOf = (client) => {
  let state = states.get(client)
  if (!state) {
    const db = ofOptions(client)
    states.set(client, (state = { last: db, refused: undefined, sent: db, behind: 0 }))
    lookAtAll(state, client)
  }
  return state
}

/** To be told of each event of the client, just before it. */
const observe = (client, event) => {
  if (event !== 'select' && event !== 'connect') return
  const state = stateOf(client)
  if (event === 'connect') {
    // The new connection is in the first database; what leads it elsewhere has been sent.
    state.last = state.sent = state.behind = 0
    lookAtAll(state, client)
  } else {
    for (const queue of queues(client)) look(state, queue.peekAt(-1)?.command)
  }
}

/** Where the client's next command goes; while it reconnects, where it will go. */
const database = (client) => {
  const isReady = client.status === 'ready'
  const condition = (!isReady && client.prevCondition) || client.condition
  const sent = condition?.select ?? client.options.db
  const db = Number.isInteger(sent) ? sent : (wholeNumber(sent) ?? 0)
  const state = stateOf(client)
  if (db !== state.refused) return db
  if (isReady) return state.last
  const initial = ofOptions(client)
  return initial === state.refused ? 0 : initial
}

/** Where the client is when the server does not have `db`: a transaction's `select` is refused late. */
const fallback = (client, db) => {
  const { last, sent, behind } = stateOf(client)
  return db === sent ? behind : last
}

const hasChanged = (client, known) => {
  const db = database(client)
  if (db !== known.db) return true
  // One after the other they may lead to the same database, but not from the same.
  const isUnderWay = client.status === 'ready' && db !== stateOf(client).last
  return isUnderWay && fallback(client, db) !== known.fallbackDb
}

module.exports = { database, fallback, hasChanged, observe }
