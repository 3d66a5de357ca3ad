/** Clients of the npm package redis, version 4 and newer, made by createClient(). */

const { channel } = require('node:diagnostics_channel')
const { refuse } = require('../check')
const { clientTls, foreignTls } = require('../tls')
const { within } = require('../within')
const { watchEvents } = require('./events')

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

const foreignOptions = ({ socket, credentialsProvider: provider }) => {
  if (provider && provider.type !== 'async-credentials-provider') {
    return 'a credentials provider that streams'
  }
  return socket?.tls === true ? foreignTls(socket) : undefined
}

const foreign = (client) => foreignOptions(optionsOf(client))

const place = ({ socket = {} }) => {
  if (socket.path) return { path: String(socket.path) }
  const host = String(socket.host ?? 'localhost').replace(/^\[|\]$/g, '')
  const port = Number(socket.port ?? 6379)
  if (host === '' || !(port > 0 && port < 65536)) {
    throw refuse('this looks like a client of redis 4 or newer, but names no host and port')
  }
  return { host, port, family: socket.family || undefined }
}

const login = ({ username, password }) => {
  if (!password) return {}
  return { username: username ? String(username) : undefined, password: String(password) }
}

/** Only `true` makes TLS, whose options stand beside it. */
const tlsOf = (socket) => (socket?.tls === true ? clientTls(socket) : undefined)

const TRACE = channel('tracing:node-redis:command:start')
const aborted = AbortSignal.abort()

/** By client: the database it told. */
const told = new WeakMap()

/**
 * The database that `select` chose, which the client keeps to itself. From 5.12 on each command
 * tells it to `diagnostics_channel`; one that is aborted from the start does so too, and is never
 * sent. `undefined` for older clients. It costs some microseconds, so one answer does for all calls
 * that are made at once: what awaits a `select` runs later than the reset below.
 */
const tracedDatabase = (client) => {
  if (!('_clientId' in client)) return undefined
  if (told.has(client)) return told.get(client)
  let database
  const hear = (event) => {
    if (event.clientId === client._clientId) database = event.database
  }
  TRACE.subscribe(hear)
  client.sendCommand(['SELECT'], { abortSignal: aborted }).catch(() => {})
  TRACE.unsubscribe(hear)
  told.set(client, database)
  queueMicrotask(() => told.delete(client))
  return database
}

const settings = (client) => {
  const options = optionsOf(client)
  const where = place(options)
  return {
    ...where,
    ...login(options),
    db: tracedDatabase(client) ?? Number(options.database ?? 0),
    retry: options.disableOfflineQueue !== true,
    tls: tlsOf(options.socket),
    keyPrefix: options.keyPrefix ? String(options.keyPrefix) : ''
  }
}

const hasChanged = (client, known) => (tracedDatabase(client) ?? known.db) !== known.db

/** Asks on the client's own connection; a server that refuses leaves it at that of the options. */
const askedDatabase = async (client) => {
  const send = client.options?.legacyMode ? client.v4.sendCommand : client.sendCommand
  try {
    const info = await within(1_000, send.call(client, ['CLIENT', 'INFO']))
    return { db: Number(/ db=(\d+) /.exec(String(info))?.[1] ?? 0) }
  } catch {
    return { db: Number(optionsOf(client).database ?? 0) }
  }
}

/**
 * What only an asynchronous question can tell: a promise of settings, `undefined` when there is
 * nothing to ask.
 * @param {object} client
 * @param {object} told the answers so far
 * @param {boolean} isLoginOld whether a credentials provider must be asked (again)
 */
const ask = (client, told, isLoginOld) => {
  const { credentialsProvider, password } = optionsOf(client)
  const questions = []
  if (isLoginOld && credentialsProvider && !password) {
    questions.push(
      Promise.resolve()
        .then(() => credentialsProvider.credentials())
        .then(login)
    )
  }
  if (client.isReady && told.db === undefined && tracedDatabase(client) === undefined) {
    questions.push(askedDatabase(client))
  }
  if (questions.length === 0) return undefined
  return Promise.all(questions).then((answers) => Object.assign({}, ...answers))
}

/** Clients that were open at some time: the others are not closed but not opened yet. */
const opened = new WeakSet()

const isOpen = (client) => {
  if (client.isOpen) opened.add(instance(client))
  return client.isOpen
}

const isClosed = (client) =>
  !isOpen(client) && (opened.has(instance(client)) || client.socketEpoch > 0)

const watch = (client, onChange) => watchEvents(instance(client), onChange)

/** In legacy mode the client's own `quit` gives nothing and lets the client connect again. */
const close = (client) => {
  if (!client.options?.legacyMode) return client.quit()
  return client.v4.QUIT().then(
    () => undefined,
    () => undefined
  )
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
  foreignOptions,
  login,
  place,
  tlsOf
}
