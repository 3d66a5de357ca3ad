const { NativePromise, clearTimeout, setTimeout, soon } = require('./globals')

/**
 * The same promise, but rejected when it takes longer than `limit` ms, with what `late` gives.
 *
 * It may be called in code that is stopped at any point, by a time-out of `vm` say. So the rejection
 * is heard of here too, and the timer is started from a microtask, which is not stopped: Node's own
 * lists of timers do not survive it.
 */
const within = (limit, promise, late = () => new Error(`no answer within ${limit} ms`)) => {
  let timer
  let reject
  let isOver = false
  const tooLate = new NativePromise((_, rejectLate) => (reject = rejectLate))
  const first = NativePromise.race([promise, tooLate])
  const end = () => {
    isOver = true
    clearTimeout(timer)
  }
  first.then(end, end)
  soon(() => {
    if (!isOver) timer = setTimeout(() => reject(late()), limit)
  })
  return first
}

module.exports = { within }
