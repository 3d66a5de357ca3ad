const { NativePromise } = require('../shared/globals')

/** Throws its reason, once it is aborted. Not every runtime's signal does that itself. */
const check = (signal) => {
  if (signal?.aborted) throw signal.reason
}

/**
 * The same promise, but rejected at once by an abort. (Not by a race with one promise for all that is
 * awaited: it would keep something of each.)
 */
const abortable = (promise, signal) => {
  if (!signal) return promise
  return new NativePromise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    const end = (settle) => (value) => {
      signal.removeEventListener('abort', abort)
      settle(value)
    }
    signal.addEventListener('abort', abort, { once: true })
    promise.then(end(resolve), end(reject))
    if (signal.aborted) end(reject)(signal.reason)
  })
}

module.exports = { abortable, check }
