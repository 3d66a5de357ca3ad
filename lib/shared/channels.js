const { channel } = require('node:diagnostics_channel')

/**
 * Each call, once it has settled: `{operation, integration, milliseconds, outcome, attempts}`, and what
 * OpenTelemetry's semantic conventions for clients of databases name.
 */
const calls = channel('js-redis-key-store:call')

/** What happens to connections: `{state, server, reason}`. */
const connections = channel('js-redis-key-store:connection')

/** The command that does the work of each call, which the conventions take for its name. */
const COMMANDS = {
  saveIds: 'MSET',
  getBotmaticId: 'GET',
  getExtId: 'GET',
  deleteIds: 'DEL',
  deleteAllIds: 'UNLINK',
  listIds: 'SCAN'
}

/** What calls are made on, as the conventions have it. */
const systemOf = (operation, { file, memory, db }) => {
  if (file ?? memory) {
    const system = { 'db.system.name': 'redb', 'db.operation.name': operation }
    return file ? { ...system, 'db.namespace': file } : system
  }
  return {
    'db.system.name': 'redis',
    'db.operation.name': COMMANDS[operation],
    ...(db !== undefined && { 'db.namespace': String(db) })
  }
}

/** Where calls go, as the conventions have it: of several servers, the one that is asked first. */
const serverOf = ({ path, sentinels, nodes, ...own }) => {
  if (path) return { 'server.address': path }
  const { host, port } = sentinels?.[0] ?? nodes?.[0] ?? own
  return host ? { 'server.address': host, 'server.port': port } : {}
}

/** Tells of a call that was made with these settings, as far as they are known. */
const publishCall = (call, settings = {}) => {
  const { operation, outcome } = call
  const message = {
    ...call,
    ...systemOf(operation, settings),
    ...serverOf(settings)
  }
  // Codes alone are in capitals.
  if (/^[A-Z]/.test(outcome)) message['error.type'] = outcome
  calls.publish(message)
}

module.exports = { calls, connections, publishCall }
