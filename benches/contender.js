/** One contender in a process of its own, told by its parent what to run. */

const { CONTENDERS } = require('./contenders')
const { probe } = require('./probe')
const { measure, measureBulk } = require('./workloads')

let store
let endProbe

const answers = {
  open: async ({ name, where }) => {
    store = await CONTENDERS[name](where)
    // A store may connect with its first call.
    await store?.getExtId('nobody', 1)
    return store !== undefined
  },
  measure: (workload) => measure(store, workload),
  bulk: (name) => measureBulk(store, name),
  wipe: async (token) => {
    const before = process.memoryUsage.rss()
    let highest = before
    const look = () => {
      highest = Math.max(highest, process.memoryUsage.rss())
    }
    const watch = setInterval(look, 5)
    const started = performance.now()
    await store.deleteAllIds(token)
    const took = performance.now() - started
    clearInterval(watch)
    look()
    return { took, grown: (highest - before) / 2 ** 20 }
  },
  probe: async (port) => {
    endProbe = await probe(port)
  },
  probed: () => endProbe(),
  close: async () => {
    await store?.quit()
    process.disconnect()
  }
}

// Some clients do not let their process go, and the parent may be gone.
process.once('disconnect', () => process.exit())
// The original tells how many keys it deleted.
console.log = () => {}
process.on('message', async ({ ask, value }) => {
  const answer = await answers[ask](value)
  if (process.connected) process.send({ answer })
})
