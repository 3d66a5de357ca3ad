/** Gives up when nothing was done for too long, or the user wants it to. */

const { Incomplete } = require('./exit')

/**
 * Runs `work` with a signal that is aborted after `seconds` without `alive()`, and by SIGINT and SIGTERM.
 * @param {number} seconds
 * @param {(signal: AbortSignal, alive: () => void) => Promise<unknown>} work
 */
const watched = async (seconds, work) => {
  const controller = new AbortController()
  const { signal } = controller
  let timer
  const alive = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      controller.abort(new Incomplete(`nothing was done for ${seconds} s (--timeout): given up`))
    }, seconds * 1000)
  }
  const interrupt = (name) => controller.abort(new Incomplete(`ended by ${name}`))
  const names = ['SIGINT', 'SIGTERM']
  for (const name of names) process.once(name, interrupt)
  alive()
  const aborted = new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      // What is under way is given a moment to end in order.
      setTimeout(() => reject(signal.reason), 2_000).unref()
    })
  })
  try {
    return await Promise.race([work(signal, alive), aborted])
  } finally {
    clearTimeout(timer)
    for (const name of names) process.removeListener(name, interrupt)
  }
}

module.exports = { watched }
