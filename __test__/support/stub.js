/** A stub as a unit test makes it: five functions over a Map. `reply(done, value)` answers. */
const stub = (reply) => {
  const map = new Map()
  const remove = (key) => Number(map.delete(key))
  const startOf = (pattern) => pattern.slice(0, -1)
  return {
    map,
    set: (key, value, done) => reply(done, map.set(key, String(value)) && 'OK'),
    get: (key, done) => reply(done, map.get(key) ?? null),
    del: (key, done) => reply(done, remove(key)),
    keys: (pattern, done) =>
      reply(
        done,
        [...map.keys()].filter((key) => key.length >= startOf(pattern).length)
      ),
    quit: () => 'closed'
  }
}

const byCallback = (done, value) => void setImmediate(done, null, value)
const atOnce = (done, value) => done(null, value)
const byPromise = async (_done, value) => value

module.exports = { atOnce, byCallback, byPromise, stub }
