const redis = require('redis3')

/** Sends one command to the server on a port of this machine. */
const commandTo = (port, name, ...args) =>
  new Promise((resolve, reject) => {
    const client = redis.createClient({ port })
    client.send_command(name, args, (error, reply) => {
      client.quit()
      if (error) reject(error)
      else resolve(reply)
    })
  })

module.exports = { commandTo }
