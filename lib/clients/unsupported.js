/** Clients that are known by sight and refused by name, since they would be served wrongly. */

const isFunction = (value) => typeof value === 'function'

const FAMILIES = [
  {
    name: 'a cluster client of redis 4 or newer',
    isMine: (c) => Array.isArray(c.masters) && Array.isArray(c.slots)
  },
  {
    name: 'a client pool of redis 5 or newer',
    isMine: (c) => typeof c.idleClients === 'number' && isFunction(c.execute)
  },
  {
    name: 'a sentinel client of redis 5 or newer',
    isMine: (c) => isFunction(c.getSentinelNode)
  },
  {
    name: 'a client of redis 4 or newer',
    isMine: (c) => typeof c.isOpen === 'boolean' && isFunction(c.sendCommand)
  },
  {
    name: 'a legacy() client of redis 5 or newer',
    isMine: (c) => isFunction(c.sendCommand) && isFunction(c.ACL_CAT)
  },
  {
    name: 'an ioredis or iovalkey client',
    isMine: (c) => typeof c.connectionEpoch === 'number' && typeof c.status === 'string'
  },
  {
    name: 'a valkey-glide client',
    isMine: (c) => Array.isArray(c.config?.addresses)
  },
  {
    name: 'a mock or another object with get, set and del of its own',
    isMine: (c) => ['get', 'set', 'del'].every((name) => isFunction(c[name]))
  }
]

/** The name of the family that a value belongs to, `undefined` when it looks like no client. */
const unsupportedFamily = (value) =>
  typeof value === 'object' && value !== null
    ? FAMILIES.find((family) => family.isMine(value))?.name
    : undefined

module.exports = { unsupportedFamily }
