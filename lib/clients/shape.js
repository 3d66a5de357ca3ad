/** What an object that is no client of a known family can be seen to be, without calling it. */

const isFunction = (value) => typeof value === 'function'

const hasAll = (value, names) => names.every((name) => isFunction(value[name]))

const hasAny = (value, names) => names.some((name) => isFunction(value[name]))

/** Whether a value has commands enough to be served through them. */
const isDelegable = (value) =>
  typeof value === 'object' && value !== null && hasAll(value, ['get', 'set', 'del'])

/** Whether it has as many of Redis' commands as only what is made for Redis has. */
const speaksRedis = (value) =>
  isDelegable(value) && hasAll(value, ['expire', 'incr']) && hasAny(value, ['hget', 'hGet'])

/** Whether its commands are known, although it is of no family. */
const isKnown = (value) => isPool(value) || isLegacy(value)

/** `legacy()` of redis 5 and 6: it may have no way to be closed. */
const isLegacy = (value) => hasAll(value, ['ACL_CAT', 'sendCommand']) && !isFunction(value.on)

/** `createClientPool()` of redis 5 and 6. */
const isPool = (value) => hasAll(value, ['mSet', 'execute', 'sendCommand'])

/** Methods that tell what else has `get`, `set` and `del`. */
const TELLTALES = {
  'a pipeline, whose commands wait for its exec()': ['execAsPipeline', 'exec_atomic'],
  'a client of Redis over HTTP, whose commands take and give other values': ['addTelemetry'],
  'a cache, which may forget what it holds': ['wrap', 'isCacheableValue', 'getTtl', 'prune'],
  'a client of memcached': ['gets', 'cas'],
  'a client of HTTP': ['patch']
}

const CLOSERS = ['quit', 'close', 'disconnect', 'destroy', 'end']

/** What an object is that must not be served, although it has the commands; `undefined` for others. */
const unfit = (value) => {
  const told = Object.keys(TELLTALES).find((what) => hasAny(value, TELLTALES[what]))
  if (told) return told
  if (value.isPipeline === true) return 'a pipeline, whose commands wait for its exec()'
  // What sends its commands over a connection can close that.
  return speaksRedis(value) && !hasAny(value, CLOSERS) && !isLegacy(value)
    ? 'a client without a connection, whose commands may take and give other values'
    : undefined
}

/** Closes what is of no known family: by `quit`, or what stands for it. */
const closeByName = (client) => {
  const name = CLOSERS.find((each) => isFunction(client[each]))
  return name && client[name]()
}

module.exports = { closeByName, isDelegable, isFunction, isKnown, speaksRedis, unfit }
