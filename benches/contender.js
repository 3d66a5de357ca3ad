/** One contender in a process of its own, told by its parent what to run. */

const { CONTENDERS } = require('./contenders')
const { measure } = require('./workloads')

let store

const answers = {
  open: async ({ name, where }) => {
    store = await CONTENDERS[name](where)
    return store !== undefined
  },
  measure: (workload) => measure(store, workload),
  wipe: async (token) => {
    const before = process.memoryUsage.rss()
    let highest = before
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage.rss())
    }, 5)
    const started = performance.now()
    await store.deleteAllIds(token)
    clearInterval(watch)
    return { took: performance.now() - started, grown: (highest - before) / 2 ** 20 }
  },
  close: async () => {
    await store?.quit()
    process.disconnect()
  }
}

// The original tells how many keys it deleted.
console.log = () => {}
process.on('message', async ({ ask, value }) => {
  const answer = await answers[ask](value)
  if (process.connected) process.send({ answer })
})
