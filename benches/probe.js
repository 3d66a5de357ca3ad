/** What another client of the server feels: PING, back to back. */

const { once } = require('node:events')
const net = require('node:net')
const { performance } = require('node:perf_hooks')

/** The value below which this share of the sorted numbers lies. */
const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, (sorted.length * share) | 0)]

/** Begins, and resolves to what ends it and tells the slowest round trips in ms. */
const probe = async (port) => {
  const socket = net.connect({ port, noDelay: true })
  const times = []
  let sentAt
  const ping = () => {
    sentAt = performance.now()
    socket.write('PING\r\n')
  }
  socket.on('data', () => {
    times.push(performance.now() - sentAt)
    ping()
  })
  await once(socket, 'connect')
  ping()
  return async () => {
    // The one under way may be the slowest.
    await once(socket, 'data')
    socket.destroy()
    times.sort((a, b) => a - b)
    return { slowest: times.at(-1), p999: percentile(times, 0.999) }
  }
}

module.exports = { percentile, probe }
