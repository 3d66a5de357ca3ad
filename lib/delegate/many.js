/** Many calls of one kind, one by one. */

const { NativePromise } = require('../shared/globals')

/**
 * What each comes to, in order: an error for one that failed. `ids` are their arguments, one after the
 * other.
 */
const many = async (calls, operation, integrationId, ids) => {
  const step = operation.startsWith('get') ? 1 : 2
  const made = []
  for (let at = 0; at < ids.length; at += step) {
    made.push(calls.call(operation, integrationId, ...ids.slice(at, at + step)))
  }
  const ends = await NativePromise.allSettled(made)
  return ends.map(({ status, value, reason }) => (status === 'fulfilled' ? value : reason))
}

module.exports = { many }
