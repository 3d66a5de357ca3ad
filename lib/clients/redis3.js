/** Clients of the npm package redis, versions 2 and 3. */

const { MAX_MS, refuse } = require('../check')
const { clientTls, foreignTls } = require('../tls')
const { watching } = require('./watching')

const isObject = (value) => typeof value === 'object' && value !== null

/** redis-mock's clients bear the same class name but have none of this. */
const isMine = (client) =>
  isObject(client) &&
  isObject(client.connection_options) &&
  isObject(client.options) &&
  typeof client.internal_send_command === 'function' &&
  'selected_db' in client

/** By client: the newest command seen in each queue, and the `select` that awaits its reply. */
const seen = new WeakMap()

/** Looks at the commands that came since the last look, the newest `select` among them. */
const look = (queue, state, name) => {
  const newest = queue.length > 0 ? queue.get(queue.length - 1) : undefined
  for (let i = queue.length - 1; i >= 0; i--) {
    const command = queue.get(i)
    if (command === state[name]) break
    if (command.command === 'select') {
      state.select = command
      break
    }
  }
  state[name] = newest
}

/** A database as clients take it: a number or its text. */
const wholeNumber = (value) => (/^\d+$/.test(value) ? Number(value) : undefined)

/**
 * The database of the client's next command: that of a `select` on its way, else the selected one.
 * A select that fails leaves its queue without changing `selected_db`.
 */
const database = (client) => {
  let state = seen.get(client)
  if (!state) seen.set(client, (state = {}))
  const { command_queue: sent, offline_queue: unsent } = client
  look(sent, state, 'sent')
  look(unsent, state, 'unsent')
  if (state.select && ![sent, unsent].some((queue) => queue.toArray().includes(state.select))) {
    state.select = undefined
  }
  // What is no number the server refuses.
  return wholeNumber(state.select?.args[0]) ?? wholeNumber(client.selected_db) ?? 0
}

const password = (client) => {
  const { auth_pass: given } = client
  return given === undefined || given === null || given === '' ? undefined : String(given)
}

const username = (client) => (client.auth_user ? String(client.auth_user) : undefined)

/** What can change in the life of a client. */
const login = (client) => ({
  db: database(client),
  username: password(client) === undefined ? undefined : username(client),
  password: password(client)
})

const foreign = ({ connection_options: connection, options }) => {
  if (options.stream) return 'a stream of its own'
  return options.tls ? foreignTls(connection) : undefined
}

const place = ({ connection_options: connection }) => {
  if (connection.path) return { path: connection.path }
  if (!connection.host || !(Number(connection.port) > 0)) {
    throw refuse('this looks like a redis 2 or 3 client, but names no host and port and no path')
  }
  return {
    host: connection.host,
    port: Number(connection.port),
    family: connection.family === 6 ? 6 : 4
  }
}

/** Own names in lower case: the client keeps them beside those that were given. */
const renamed = ({ options }) => {
  const names = Object.entries(options.rename_commands ?? {})
  return Object.fromEntries(names.map(([own, name]) => [own.toLowerCase(), String(name)]))
}

const settings = (client) => ({
  ...place(client),
  ...login(client),
  fallbackDb: wholeNumber(client.selected_db) ?? 0,
  retry: client.enable_offline_queue !== false && client.options.enable_offline_queue !== false,
  renamed: renamed(client),
  tls: client.options.tls ? clientTls(client.connection_options) : undefined,
  keyPrefix: client.options.prefix ? String(client.options.prefix) : '',
  writeTimeout: Math.min(Number(client.connect_timeout) || 3_600_000, MAX_MS)
})

/** Whether `known`, made by `settings`, is no longer what the client would connect with. */
const hasChanged = (client, known) => {
  const now = login(client)
  return now.db !== known.db || now.password !== known.password || now.username !== known.username
}

const isClosed = (client) => client.closing === true

const isOpen = (client) => !isClosed(client)

/**
 * Calls back when the client is closed. `closing` is the one thing that every way of closing sets:
 * end() emits no event at all.
 */
const watch = watching((client, tell) => {
  let { closing } = client
  Object.defineProperty(client, 'closing', {
    configurable: true,
    enumerable: true,
    get: () => closing,
    set: (value) => {
      closing = value
      if (value) tell()
    }
  })
})

const close = (client) => client.quit()

module.exports = { isMine, foreign, settings, hasChanged, isOpen, isClosed, watch, close }
