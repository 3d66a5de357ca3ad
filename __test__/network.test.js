/** Faults of the network between store and server, by a proxy that breaks what passes. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const { after, beforeEach, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const createKeyStore = require('..')
const { TIMES, startLoad } = require('./support/load')
const { preload, runScript } = require('./support/programs')
const { startProxy } = require('./support/proxy')
const { useServer } = require('./support/redis')

/** More than the replies to a login. */
const LOGIN_BYTES = 500

let proxy
const server = useServer({
  prepare: async ({ port }) => {
    proxy = await startProxy(port)
  }
})
after(() => proxy.stop())
beforeEach(() => server.command('flushall'))

/** Resolves when the store has lost its connection as often as this. */
const lost = async (store, times) => {
  while (store.stats().reconnects < times) await sleep(5)
}

/** Each: what breaks, and for how long (until an event, or a time that is the fault itself). */
const FAULTS = {
  'connections are dropped, ten times': async ({ load, store }) => {
    for (let n = 1; n <= 10; n++) {
      await load.more(30)
      proxy.drop()
      await lost(store, n)
    }
  },
  'nothing passes for longer than responseTimeout': async () => {
    proxy.stall()
    await sleep(1.5 * TIMES.responseTimeout)
  },
  'each connection ends in the middle of a reply': async ({ store }) => {
    for (const [n, bytes] of [1, 4, 99, 1_000].entries()) {
      // Logging in takes most of them: what matters is that they end anywhere.
      proxy.cutAfter(LOGIN_BYTES + bytes)
      await lost(store, n + 1)
    }
  },
  'replies come late, but in time': async ({ load, store }) => {
    proxy.delay(TIMES.responseTimeout / 3)
    await load.more(500)
    assert.equal(store.stats().reconnects, 0)
    await proxy.heal()
    proxy.drop()
    await lost(store, 1)
  },
  'replies come later than responseTimeout': async () => {
    proxy.delay(1.5 * TIMES.responseTimeout)
    await sleep(2 * TIMES.responseTimeout)
  },
  'replies are garbage': async ({ load }) => {
    for (const bytes of [
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '\0\xff\r\n',
      '$-9\r\n',
      '*3\r\n:1\r\n'
    ]) {
      proxy.garble(Buffer.from(bytes, 'latin1'))
      await load.more(100)
    }
  },
  'replies are of another kind than Redis gives': async ({ load }) => {
    proxy.garble(Buffer.from('+PONG\r\n'.repeat(1_000)))
    await load.more(200)
  },
  'the far side is gone and nobody says so': async ({ store }) => {
    proxy.halfOpen()
    await lost(store, 1)
  },
  'connections are refused': async ({ load }) => {
    await proxy.refuse()
    await load.more(1_000)
  },
  'connections are accepted late': async () => {
    proxy.acceptSlowly(1.5 * TIMES.connectTimeout)
    await sleep(2 * TIMES.connectTimeout)
  }
}

for (const [name, fault] of Object.entries(FAULTS)) {
  test(name, async (t) => {
    const store = createKeyStore(proxy.url, TIMES)
    const load = startLoad(store)
    t.after(load.stop)
    await load.more(100)
    await fault({ load, store })
    await proxy.heal()
    t.diagnostic(`recovered in ${Math.round(await load.recovered())} ms`)
    const { calls, failed } = await load.check(server.command)
    assert.ok(store.stats().reconnects > 0, 'the fault reached the store')
    t.diagnostic(`${calls} calls, ${failed} lookups past their deadline`)
    await store.quit()
  })
}

test('a reply that takes long to come in is no silence', async () => {
  const value = 'x'.repeat(2 ** 20)
  const store = createKeyStore(proxy.url, TIMES)
  await store.saveIds('i', 1, value)
  // About 16 pieces, one by one: longer than responseTimeout in all, and never silent for as long.
  proxy.trickle(2 ** 16, TIMES.responseTimeout / 6)
  assert.equal(await store.getExtId('i', 1), value)
  assert.equal(store.stats().reconnects, 0)
  await proxy.heal()
  await store.quit()
})

test('what a connection that is given up has not delivered does not arrive any more', async (t) => {
  // Logs the store in and then reads nothing.
  const peer = net.createServer({ pauseOnConnect: true })
  peer.listen(0, '127.0.0.1')
  await once(peer, 'listening')
  const store = createKeyStore(`redis://127.0.0.1:${peer.address().port}`, {
    responseTimeout: TIMES.responseTimeout
  })
  t.after(() => store.quit())
  const connected = once(peer, 'connection')
  // More than the systems of both sides buffer.
  store.saveIds('i', 1, 'x'.repeat(32 * 2 ** 20))
  const [socket] = await connected
  socket.on('error', () => {})
  socket.write('*0\r\n$0\r\n\r\n$0\r\n\r\n+PONG\r\n')
  // It is given up for its silence.
  const [next] = await once(peer, 'connection')
  next.destroy()
  peer.close()
  const { sent } = store.stats().bytes
  let received = 0
  socket.on('data', ({ length }) => (received += length))
  socket.resume()
  await once(socket, 'close')
  t.diagnostic(`${sent} bytes were sent, ${received} arrived`)
  // The next connection's login is among what was sent, too.
  assert.ok(received < sent - 1_000)
})

test('what the network holds back and delivers late undoes nothing', async () => {
  const store = createKeyStore(proxy.url, TIMES)
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  proxy.hold()
  assert.equal(await store.saveIds('i', 1, 'old'), true)
  assert.equal(await store.saveIds('i', 1, 'new'), true)
  assert.equal(store.stats().reconnects, 1)
  assert.equal(await proxy.release(), 1)
  assert.equal(await store.getExtId('i', 1), 'new')
  await store.quit()
})

test('a connection closed while idle is replaced without a failed call', async () => {
  const errors = []
  const store = createKeyStore(proxy.url, { ...TIMES, onError: (error) => errors.push(error) })
  for (let n = 0; n < 5; n++) {
    assert.equal(await store.saveIds('i', n, n), true)
    const { accepted } = proxy
    proxy.drop()
    // At once, and once the store has heard of it.
    if (n % 2) await sleep(20)
    assert.equal(await store.getExtId('i', n), String(n))
    assert.equal(proxy.accepted, accepted + 1)
  }
  assert.deepEqual(errors, [])
  await store.quit()
})

test('when nothing waits, nothing is tried and nothing runs', async () => {
  const store = createKeyStore(proxy.url, { ...TIMES, readTimeout: 200 })
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  await proxy.refuse()
  assert.equal(await store.getExtId('i', 1), undefined)
  await proxy.heal()
  const { accepted } = proxy
  // On a busy machine it may still be on its way to bed.
  while (!ioThread().sleeps) await sleep(5)
  const { naps } = ioThread()
  // As long as the longest backoff and more: an attempt would come by then.
  await sleep(1_800)
  assert.equal(proxy.accepted, accepted)
  assert.equal(ioThread().naps, naps)
  const started = performance.now()
  assert.equal(await store.getExtId('i', 1), 'x')
  assert.ok(performance.now() - started < 100, 'a call long after an outage connects at once')
  await store.quit()
})

test('a look-up of the host name that hangs counts towards connectTimeout', async (t) => {
  const env = await preload(t, 'hanging-lookup')
  const script = `
    const createKeyStore = require('.')
    const { subscribe } = require('node:diagnostics_channel')
    const failed = []
    subscribe('js-redis-key-store:connection', ({ state, reason }) => {
      if (state === 'failed') failed.push(reason)
    })
    const store = createKeyStore({ host: 'redis.test' }, { connectTimeout: 300, readTimeout: 600 })
    store.getExtId('i', 1).then((found) => console.log(JSON.stringify([found === undefined, failed])))
  `
  const ended = await runScript(script, { limit: 10_000, env })
  assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ''])
  const [hasFailed, reasons] = JSON.parse(ended.stdout)
  assert.ok(hasFailed)
  assert.match(reasons[0], /nothing came back within 300 ms/)
})

/** The store's I/O thread: whether it sleeps, and how often it has gone to sleep so far. */
const ioThread = () => {
  for (const task of fs.readdirSync('/proc/self/task')) {
    const [name, status] = ['comm', 'status'].map((file) =>
      fs.readFileSync(`/proc/self/task/${task}/${file}`, 'utf8')
    )
    // The system cuts names to 15 characters.
    if (!name.startsWith('js-redis-key-st')) continue
    return {
      sleeps: /^State:\s+S/m.test(status),
      naps: /^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]
    }
  }
  throw new Error('there is no I/O thread')
}
