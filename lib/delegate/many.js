/** Many calls of one kind, one by one. */

const { NativePromise } = require('../shared/globals')

/**
 * What each comes to, in order: an error for one that failed. `ids` are their arguments, one after the
 * other. All are made at once, unless they are more than half of `maxPending`.
 */
const many = async (calls, operation, integrationId, ids, maxPending) => {
  const step = operation.startsWith('get') ? 1 : 2
  const most = Math.max(1, Math.floor(maxPending / 2))
  const results = []
  let made = []
  const settle = async () => {
    const ends = await NativePromise.allSettled(made)
    results.push(
      ...ends.map(({ status, value, reason }) => (status === 'fulfilled' ? value : reason))
    )
    made = []
  }
  for (let at = 0; at < ids.length; at += step) {
    if (made.length === most) await settle()
    made.push(calls.call(operation, integrationId, ...ids.slice(at, at + step)))
  }
  await settle()
  return results
}

module.exports = { many }
