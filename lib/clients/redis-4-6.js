/** Clients of the npm package redis, version 4 and newer, made by createClient(). */

const { numberOption, refuse } = require('../settings/check')
const { NativePromise } = require('../shared/globals')
const { family, withoutBrackets } = require('../settings/place')
const { foreignSocket } = require('../settings/socket')
const { clientTls } = require('../settings/tls')
const { askDatabase, database, traced } = require('./redis-4-6-database')
const { askedLogin, foreignProvider, loginOf } = require('./redis-4-6-login')
const { heard } = require('./closing')
const { watchEvents } = require('./watching')

const isFunction = (value) => typeof value === 'function'

const isMine = (client) =>
  typeof client === 'object' &&
  client !== null &&
  typeof client.isOpen === 'boolean' &&
  typeof client.isReady === 'boolean' &&
  isFunction(client.SELECT) &&
  isFunction(client.sendCommand) &&
  'options' in client

/** From version 5 on, `createClient()` and `withCommandOptions()` give objects derived from it. */
const instance = (client) => client._self ?? client

const optionsOf = (client) => client.options ?? {}

const foreignOptions = (client, options) => {
  const { socket } = options
  const provider = foreignProvider(client, options)
  return provider ?? foreignSocket(socket, socket?.tls === true)
}

const foreign = (client) => foreignOptions(client, optionsOf(client))

/** The place of a socket's options; `name` is that of their port. */
const place = ({ socket = {} }, name = 'socket.port', port = 6379) => {
  if (socket.path) return { path: String(socket.path) }
  const host = withoutBrackets(socket.host ?? 'localhost')
  if (host === '') {
    throw refuse('this looks like a client of redis 4 or newer, but names no host')
  }
  return {
    host,
    port: numberOption('port', name, socket.port ?? port),
    family: family(host, socket.family)
  }
}

/** Only `true` makes TLS, whose options stand beside it. */
const tlsOf = (socket) => (socket?.tls === true ? clientTls(socket) : undefined)

const settings = (client) => {
  const options = optionsOf(client)
  const where = place(options)
  const trace = traced(client)
  return {
    ...where,
    ...loginOf(client, options),
    db: trace.database ?? database(options),
    // It goes along with a `select` that a transaction was refused, and stays where it was.
    fallbackDb: trace.before,
    retry: options.disableOfflineQueue !== true,
    tls: tlsOf(options.socket),
    keyPrefix: options.keyPrefix ? String(options.keyPrefix) : ''
  }
}

const hasChanged = (client, known) => (traced(client).database ?? known.db) !== known.db

/**
 * What only an asynchronous question can tell: a promise of settings, `undefined` when there is
 * nothing to ask.
 * @param {object} client
 * @param {object} told the answers so far
 * @param {boolean} isLoginOld whether a credentials provider must be asked (again)
 */
const ask = (client, told, isLoginOld) => {
  const questions = []
  const login = isLoginOld && askedLogin(client, optionsOf(client))
  if (login) questions.push(login)
  if (client.isReady && told.db === undefined && traced(client).database === undefined) {
    questions.push(askDatabase(client))
  }
  if (questions.length === 0) return undefined
  return NativePromise.all(questions).then((answers) => Object.assign({}, ...answers))
}

/** Clients that were open at some time: the others are not closed but not opened yet. */
const opened = new WeakSet()

const isOpen = (client) => {
  if (client.isOpen) opened.add(instance(client))
  return client.isOpen
}

const isClosed = (client) =>
  !isOpen(client) && (opened.has(instance(client)) || client.socketEpoch > 0)

const watchInstance = watchEvents()

const watch = (client, onChange) => watchInstance(instance(client), onChange)

/** In legacy mode the client's own `quit` gives nothing and lets the client connect again. */
const quit = (client) =>
  client.options?.legacyMode ? client.v4.QUIT().then(() => undefined) : client.quit()

/** One that is told to quit while it has no connection does not try again, and never answers. */
const close = (client) => {
  if (!client.isOpen || client.isReady) return quit(client)
  const failed = heard(instance(client), 'error', 'reconnecting')
  return NativePromise.race([quit(client), failed])
}

module.exports = {
  isMine,
  foreign,
  settings,
  hasChanged,
  ask,
  isOpen,
  isClosed,
  watch,
  close,
  instance,
  database,
  foreignOptions,
  place,
  tlsOf
}
