const diagnostics = require('node:diagnostics_channel')

/** What the store publishes on one of its channels while `t` runs. */
const messages = (t, name) => {
  const heard = []
  const listener = (message) => heard.push(message)
  diagnostics.subscribe(`js-redis-key-store:${name}`, listener)
  t.after(() => diagnostics.unsubscribe(`js-redis-key-store:${name}`, listener))
  return heard
}

module.exports = { messages }
