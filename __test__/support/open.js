const createKeyStore = require('../..')

/** A store that is closed at the end of the test `t`, also when its server does not answer. */
const open = (t, client, options) => {
  const store = createKeyStore(client, options)
  // A client's own quit may wait for the server.
  t.after(() => (client.disconnect ? client.disconnect() : store.quit()))
  return store
}

module.exports = { open }
