/** Which client a value is, or keeps, and its family. */

const { reasonOf } = require('../shared/log')
const { closeByName, isDelegable, speaksRedis, unfit } = require('./shape')
const { wrappedClient, wrapperFamily } = require('./wrapped')

const FAMILIES = [
  require('./redis-2-3'),
  require('./redis-4-6'),
  require('./redis-4-6-cluster'),
  require('./redis-4-6-sentinel'),
  require('./ioredis'),
  require('./ioredis-cluster'),
  require('./glide')
]

const familyOf = (value) => FAMILIES.find(({ isMine }) => isMine(value))

const lookAt = (value) => {
  const family = familyOf(value)
  if (family) return { client: value, family }
  if (!isDelegable(value)) return {}
  const problem = unfit(value)
  if (problem) return { problem }
  const wrapped = speaksRedis(value) ? wrappedClient(value, familyOf) : undefined
  if (!wrapped) return { client: value }
  return { client: wrapped.client, family: wrapperFamily(wrapped, () => closeByName(value)) }
}

/**
 * The client to serve, of a promise wrapper its own one, and its family, where it has one; nothing
 * for what is no client. Or `problem`: what it is that must not be served.
 */
const recognised = (value) => {
  try {
    return lookAt(value)
  } catch (error) {
    return { problem: `an object that cannot be looked at: ${reasonOf(error)}` }
  }
}

module.exports = { recognised }
