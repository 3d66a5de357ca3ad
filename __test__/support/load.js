const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { randomFrom } = require('./random')

/** Within this many ms after its deadline a call must have settled. */
const GRACE = 250
/** Within this many ms of the server's return the store must work again. */
const RECOVERY = 2_000
const TICK = 5
const PAIRS = 50

const TIMES = {
  readTimeout: 1_500,
  writeTimeout: 60_000,
  responseTimeout: 300,
  connectTimeout: 300
}

/**
 * A mixed load of saves, lookups and deletes on a store made with `times`, which notes everything
 * that breaks a promise of the store. Of the pairs
 * - `once` are saved once each and stay,
 * - `toggled` are saved and deleted in turn,
 * - `moving` get a higher external id with each save, so that a lookup shows what it overtook.
 */
const startLoad = (store, { times = TIMES, rate = 2_000, seed = 1 } = {}) => {
  const { next } = randomFrom(seed)
  const broken = []
  const under = new Set()
  const saved = []
  const toggled = new Map()
  const moving = new Map()
  const count = { calls: 0, failed: 0 }
  let slowest = 0
  let isStopped = false

  const call = (name, args, limit, judge) => {
    const started = performance.now()
    const what = `${name}(${args.join(', ')})`
    const promise = store[name](...args).then((result) => {
      under.delete(promise)
      const took = performance.now() - started
      slowest = Math.max(slowest, took)
      if (took > limit + GRACE) broken.push(`${what} took ${Math.round(took)} ms`)
      const failed = result === undefined
      if (failed) count.failed++
      if (failed && took < limit - 1) broken.push(`${what} failed after ${Math.round(took)} ms`)
      const complaint = failed || judge(result)
      if (complaint !== true) broken.push(`${what} came to ${result}: ${complaint}`)
    })
    under.add(promise)
    count.calls++
  }
  const isTrue = (result) => result === true || 'no save may fail, nor a delete of what was there'

  const step = () => {
    const n = Math.floor(next() * PAIRS)
    const kind = next()
    if (kind < 0.3) {
      saved.push(saved.length)
      call('saveIds', ['once', saved.length, `x${saved.length}`], times.writeTimeout, isTrue)
    } else if (kind < 0.6) {
      const isThere = toggled.get(n) === true
      toggled.set(n, !isThere)
      const name = isThere ? 'deleteIds' : 'saveIds'
      call(name, ['toggled', n, `x${n}`], times.writeTimeout, isTrue)
    } else if (kind < 0.8) {
      const version = (moving.get(n) ?? n * 1e6) + 1
      moving.set(n, version)
      call('saveIds', ['moving', n, version], times.writeTimeout, isTrue)
    } else {
      const least = moving.get(n) ?? null
      // More is no error: a lookup that is sent twice sees what was called after it.
      const judge = (id) => id === least || Number(id) >= least || `at least ${least} was saved`
      call('getExtId', ['moving', n], times.readTimeout, judge)
    }
  }

  const run = async () => {
    let made = 0
    const started = performance.now()
    while (!isStopped) {
      const due = ((performance.now() - started) / 1000) * rate
      // After a pause of this process it does not catch up all at once.
      if (due - made > rate) made = due
      for (; made < due; made++) step()
      await sleep(TICK)
    }
  }
  const running = run()
  const stop = () => {
    isStopped = true
    return running
  }

  return {
    count,
    get slowest() {
      return slowest
    },
    /** The server is back: resolves to how long the store took to work, in ms. */
    recovered: async () => {
      const started = performance.now()
      assert.equal(await store.saveIds('probe', 1, 'x'), true)
      const took = performance.now() - started
      assert.ok(took < RECOVERY, `back after ${Math.round(took)} ms`)
      return took
    },
    stop,
    /** Resolves when so many more calls were made. */
    more: async (calls) => {
      const end = count.calls + calls
      while (count.calls < end) await sleep(TICK)
    },
    /** Ends the load and checks all that came of it against what the server holds. */
    check: async (command) => {
      await stop()
      await Promise.all(under)
      assert.deepEqual(broken.slice(0, 5), [], `${broken.length} promises broken`)
      await checkContents(command, { saved, toggled, moving })
      assert.ok(count.calls > 0)
      return count
    }
  }
}

/** No half pair, and every pair as its last call left it. */
const checkContents = async (command, { saved, toggled, moving }) => {
  const read = async (keys) => {
    const values = []
    for (let n = 0; n < keys.length; n += 5_000) {
      values.push(...(await command('mget', ...keys.slice(n, n + 5_000))))
    }
    return values
  }
  const expected = []
  for (const n of saved) expected.push(['once', n + 1, `x${n + 1}`])
  for (const [n, isThere] of toggled) expected.push(['toggled', n, `x${n}`, isThere])
  for (const [n, version] of moving) expected.push(['moving', n, version])
  const found = await read(expected.map(([i, b]) => `${i}:b:${b}`))
  const others = await read(expected.map(([i, , e]) => `${i}:e:${e}`))
  const wrong = expected.filter(([, b, e, isThere = true], n) => {
    const [ext, botmatic] = isThere ? [String(e), String(b)] : [null, null]
    return found[n] !== ext || others[n] !== botmatic
  })
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${expected.length} pairs are wrong`)
}

module.exports = { GRACE, RECOVERY, TIMES, startLoad }
