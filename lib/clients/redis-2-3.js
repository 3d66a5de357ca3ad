/** Clients of the npm package redis, versions 2 and 3. */

const { MAX_MS, numberOption, refuse, wholeNumber } = require('../settings/check')
const { login: loginOf } = require('../settings/login')
const { family } = require('../settings/place')
const { foreignSocket } = require('../settings/socket')
const { clientTls } = require('../settings/tls')
const { watching } = require('./watching')

const isObject = (value) => typeof value === 'object' && value !== null

/** redis-mock's clients bear the same class name but have none of this. */
const isMine = (client) =>
  isObject(client) &&
  isObject(client.connection_options) &&
  isObject(client.options) &&
  typeof client.internal_send_command === 'function' &&
  'selected_db' in client

/** By client: the newest command seen in each queue, and the last two selects that were on their way. */
const seen = new WeakMap()

/** What is no number the server refuses. */
const isSelect = ({ command, args }) => command === 'select' && wholeNumber(args[0]) !== undefined

/** Looks at the commands that came since the last look, the selects among them. */
const look = (queue, state, name) => {
  const found = []
  for (let i = queue.length - 1; i >= 0; i--) {
    const command = queue.get(i)
    if (command === state[name]) break
    if (isSelect(command)) found.unshift(command)
  }
  state[name] = queue.length > 0 ? queue.get(queue.length - 1) : undefined
  if (found.length === 0) return
  // Those that were not sent before may be found once more.
  const others = state.selects.filter((select) => !found.includes(select))
  state.selects = [...others, ...found].slice(-2)
}

/**
 * The database that is selected and those that selects on their way lead to. A select that fails
 * leaves its queue without changing `selected_db`.
 */
const route = (client) => {
  let state = seen.get(client)
  if (!state) seen.set(client, (state = { selects: [] }))
  const { command_queue: sent, offline_queue: unsent } = client
  look(sent, state, 'sent')
  look(unsent, state, 'unsent')
  const selected = wholeNumber(client.selected_db) ?? 0
  if (state.selects.length === 0) return [selected]
  state.selects = state.selects.filter((select) =>
    [sent, unsent].some((queue) => queue.toArray().includes(select))
  )
  return [selected, ...state.selects.map(({ args }) => wholeNumber(args[0]))]
}

/** It logs in when it has a password, be that empty. */
const login = ({ auth_user: username, auth_pass: password }) =>
  loginOf(password === undefined ? {} : { username, password })

const foreign = ({ connection_options: connection, options }) => {
  if (options.stream) return 'a stream of its own'
  return foreignSocket(connection, Boolean(options.tls))
}

const place = ({ connection_options: connection }) => {
  if (connection.path) return { path: connection.path }
  if (!connection.host) {
    throw refuse('this looks like a redis 2 or 3 client, but names no host and port and no path')
  }
  return {
    host: connection.host,
    port: numberOption('port', 'port', connection.port),
    family: family(connection.host, connection.family === 6 ? 6 : 4)
  }
}

/** Own names in lower case: the client keeps them beside those that were given. */
const renamed = ({ options }) => {
  const names = Object.entries(options.rename_commands ?? {})
  return Object.fromEntries(names.map(([own, name]) => [own.toLowerCase(), String(name)]))
}

/** How long the client itself tries to connect. */
const writeTimeout = ({ connect_timeout: given }) =>
  Math.max(1, Math.min(Math.trunc(Number(given) || 3_600_000), MAX_MS))

/** The database of the client's next command, and where it is when the server refuses that. */
const databases = (client) => {
  const [fallbackDb, db = fallbackDb] = route(client).slice(-2)
  return { db, fallbackDb }
}

const settings = (client) => ({
  ...place(client),
  ...login(client),
  ...databases(client),
  retry: client.enable_offline_queue !== false && client.options.enable_offline_queue !== false,
  renamed: renamed(client),
  tls: client.options.tls ? clientTls(client.connection_options) : undefined,
  keyPrefix: client.options.prefix ? String(client.options.prefix) : '',
  writeTimeout: writeTimeout(client)
})

/** Whether `known`, made by `settings`, is no longer what the client would connect with. */
const hasChanged = (client, known) => {
  const { username, password } = login(client)
  if (username !== known.username || password !== known.password) return true
  const next = route(client)
  if (next.at(-1) !== known.db) return true
  // One after the other, selects may lead to the same database, but not from the same.
  return next.length > 1 && next.at(-2) !== known.fallbackDb
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
