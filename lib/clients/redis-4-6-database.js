/** The database of a client of redis 4 or newer made by createClient(), which it keeps to itself. */

const { numberOption, wholeNumber } = require('../settings/check')
const { soon } = require('../shared/globals')
const { within } = require('../shared/within')
const { capturedTrace } = require('./captured')
const { askedDatabase } = require('./client-info')

/** How long a question may take, in ms. */
const PATIENCE = 1_000

/** The database of a client's options; what is false or empty stands for the first, as it does there. */
const database = ({ database }) => numberOption('database', 'database', database || 0)

/** By client: the database that it told last, the one `before` that, and whether it `isNew`. */
const traces = new WeakMap()

/**
 * The database that `select` chose, which the client keeps to itself; older ones than 5.12 do not tell
 * it. It costs some microseconds, so one answer does for all calls that are made at once: what awaits
 * a `select` runs later than the reset below.
 */
const traced = (client) => {
  let trace = traces.get(client)
  if (!trace) traces.set(client, (trace = {}))
  if (trace.isNew || !('_clientId' in client)) return trace
  // Code may be stopped in between: then it is asked once more.
  soon(() => {
    trace.isNew = false
  })
  trace.isNew = true
  const told = wholeNumber(capturedTrace(client)?.database)
  if (told !== undefined && told !== trace.database) {
    trace.before = trace.database
    trace.database = told
  }
  return trace
}

/**
 * Whether the client's connection is known to stand a `CLIENT`: a proxy may close it on that. From 4.6.11
 * and 5.1 on, clients send one themselves when they connect, unless they are told not to. The commands
 * here came soon after.
 */
const standsClient = (client) =>
  client.options?.disableClientInfo !== true &&
  typeof ('_self' in client ? client.VADD : client.HEXPIRE) === 'function'

/** The same, found out on another connection of its kind. */
const wouldStandClient = async (client) => {
  const { socket } = client.options ?? {}
  const twin = client.duplicate({
    legacyMode: false,
    socket: { ...socket, reconnectStrategy: false }
  })
  twin.on('error', () => {})
  const told = async () => {
    await twin.connect()
    await twin.sendCommand(['CLIENT', 'INFO']).catch(() => {})
  }
  try {
    await within(PATIENCE, told())
    return twin.isReady
  } finally {
    if (twin.isOpen) await twin.disconnect()
  }
}

/** Asks which database the client's own connection is in. */
const askDatabase = (client) => {
  const question = async () => {
    if (!standsClient(client) && !(await wouldStandClient(client))) return undefined
    const send = client.options?.legacyMode ? client.v4.sendCommand : client.sendCommand
    return send.call(client, ['CLIENT', 'INFO'])
  }
  return askedDatabase(question, 2 * PATIENCE, () => database(client.options ?? {}))
}

module.exports = { askDatabase, database, traced }
