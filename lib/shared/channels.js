const { channel } = require('node:diagnostics_channel')

/** Each call, once it has settled: `{operation, integration, milliseconds, outcome, attempts}`. */
const calls = channel('js-redis-key-store:call')

/** What happens to connections: `{state, server, reason}`. */
const connections = channel('js-redis-key-store:connection')

module.exports = { calls, connections }
