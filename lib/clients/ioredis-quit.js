/** How clients of ioredis and iovalkey, of clusters too, are told to quit. */

const { heard } = require('./closing')

const CONNECTING = ['connecting', 'connect']

/** Told to quit while it connects, such a client keeps a timer of two seconds, and with it the process. */
const quitOnceConnected = async (client) => {
  if (CONNECTING.includes(client.status)) await heard(client, 'ready', 'close', 'end')
  return client.quit()
}

module.exports = { quitOnceConnected }
