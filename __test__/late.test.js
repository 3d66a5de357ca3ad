/** What was called and is over does not arrive late: calls past their deadline, lost connections. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { startRedis } = require('../scripts/redis')
const { TIMES } = require('./support/load')
const { open } = require('./support/open')
const { startProxy } = require('./support/proxy')
const { useServer } = require('./support/redis')

describe('calls whose deadline passed before the system took them are not sent any more', () => {
  const server = useServer()
  const DEADLINE = 500
  const COUNT = 600
  const SIZE = 20_000
  // A save and a pair delete bring an external id of this length twice or once.
  const long = (n) => `${n}-`.padEnd(SIZE, 'y')

  const CALLS = {
    saves: {
      make: (store, n) => store.saveIds('i', n, long(n)),
      quiet: false,
      size: 2 * SIZE,
      isDone: (value) => value !== null
    },
    'pair deletes': {
      make: (store, n) => store.deleteIds('i', n, long(n)),
      quiet: false,
      size: SIZE,
      isDone: (value) => value === null
    },
    lookups: {
      make: (store, n) => store.getBotmaticId('i', long(n)),
      quiet: undefined,
      size: SIZE
    }
  }
  for (const [name, { make, quiet, size, isDone }] of Object.entries(CALLS)) {
    test(name, async (t) => {
      await server.command('flushall')
      const options = { readTimeout: DEADLINE, writeTimeout: DEADLINE, responseTimeout: 30_000 }
      const store = open(t, server.url, options)
      const numbers = Array.from({ length: COUNT }, (_, n) => n)
      if (name === 'pair deletes') {
        const pairs = numbers.flatMap((n) => [`i:b:${n}`, long(n), `i:e:${long(n)}`, n])
        await server.command('mset', ...pairs)
      }
      assert.equal(await store.saveIds('warm', 1, 'x'), true)
      const { sent: before } = store.stats().bytes
      process.kill(server.pid, 'SIGSTOP')
      t.after(() => process.kill(server.pid, 'SIGCONT'))
      const calls = numbers.map((n) => make(store, n))
      const answers = await within(5_000, Promise.all(calls))
      assert.deepEqual(new Set(answers), new Set([quiet]))
      const { sent } = store.stats().bytes
      assert.ok(sent - before < COUNT * size, 'the system does not take all of them')

      process.kill(server.pid, 'SIGCONT')
      const isBack = async () => (await store.saveIds('warm', 1, 'x')) || isBack()
      await within(5_000, isBack())
      // The rest of a call that had begun, and a new login.
      const late = store.stats().bytes.sent - sent
      assert.ok(late < size + 2_000, `${late} bytes were sent after the deadline`)
      if (!isDone) return
      const values = await server.command('mget', ...numbers.map((n) => `i:b:${n}`))
      const done = values.filter(isDone).length
      assert.ok(done * size <= sent - before, `${done} of ${COUNT} were carried out`)
    })
  }
})

describe('what the network delivers late over a Unix socket undoes nothing, its path is', () => {
  for (const name of ['redis', 'with a space', 'odd id=1 addr=a:0 laddr=b:0 name=x']) {
    test(name, async (t) => {
      const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ks-'))
      const [own, far] = [`${name}.sock`, 'far.sock'].map((file) => path.join(directory, file))
      t.after(() => fs.rmSync(directory, { recursive: true }))
      const server = await startRedis({ args: ['--unixsocket', own] })
      t.after(server.stop)
      const proxy = await startProxy(own, far)
      t.after(proxy.stop)
      const store = open(t, proxy.url, { responseTimeout: TIMES.responseTimeout })
      assert.equal(await store.saveIds('i', 1, 'x'), true)
      proxy.hold()
      assert.equal(await within(5_000, store.saveIds('i', 1, 'old')), true)
      assert.equal(await store.saveIds('i', 1, 'new'), true)
      assert.equal(store.stats().reconnects, 1)
      assert.equal(await proxy.release(), 1)
      assert.equal(await store.getExtId('i', 1), 'new')
    })
  }
})
