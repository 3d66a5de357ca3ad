/** A store dies with its worker, at any time; the others go on. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const createKeyStore = require('..')
const { useBackends } = require('./support/backends')
const { useServer } = require('./support/redis')

const server = useServer()
const backends = useBackends()

const SCRIPT = `
  const { parentPort, workerData } = require('node:worker_threads')
  const store = require(workerData.module)(workerData.url)
  let calls = 0
  const work = async () => {
    for (;;) {
      const batch = []
      for (let n = 0; n < 500; n++) batch.push(store.saveIds('w', n, n), store.getExtId('w', n))
      batch.push(store.deleteAllIds('w'))
      await Promise.all(batch)
      if (calls++ === 0) parentPort.postMessage('under way')
    }
  }
  work()
  work()
`

const makeWorker = (script, url) => {
  const workerData = { module: require.resolve('..'), url }
  return new Worker(script, { eval: true, workerData })
}

const startWorker = async (script = SCRIPT, url = server.url) => {
  const worker = makeWorker(script, url)
  await once(worker, 'message')
  return worker
}

for (const { name, url } of backends) {
  describe(name, () => {
    test('10 workers ended with calls under way, three times over', async () => {
      const own = await url()
      const store = createKeyStore(own)
      for (let round = 0; round < 3; round++) {
        const started = Array.from({ length: 10 }, () => startWorker(SCRIPT, own))
        const workers = await Promise.all(started)
        const mine = store.saveIds('main', round, 'x')
        await Promise.all(workers.map((worker) => worker.terminate()))
        assert.equal(await mine, true)
        assert.equal(await store.getExtId('main', round), 'x')
      }
      assert.equal(await store.quit(), true)
    })
  })
}

// Memory is gone with the worker.
for (const { name, url } of backends.filter((backend) => backend.name !== 'memory')) {
  test(`${name}: a worker that ends by itself has its calls done`, async (t) => {
    const own = await url()
    const script = `
      const { workerData } = require('node:worker_threads')
      const store = require(workerData.module)(workerData.url)
      for (let n = 0; n < 1000; n++) store.saveIds('w', n, n)
    `
    const [code] = await once(makeWorker(script, own), 'exit')
    assert.equal(code, 0)
    const store = createKeyStore(own)
    t.after(() => store.quit())
    const numbers = Array.from({ length: 1_000 }, (_, n) => String(n))
    assert.deepEqual(await Promise.all(numbers.map((n) => store.getExtId('w', n))), numbers)
    assert.deepEqual(await Promise.all(numbers.map((n) => store.getBotmaticId('w', n))), numbers)
  })
}

test('workers ended while the server stands still, and while it is gone', async () => {
  const store = createKeyStore(server.url)
  assert.equal(await store.saveIds('main', 1, 'x'), true)
  for (const [fail, mend] of [
    [() => process.kill(server.pid, 'SIGSTOP'), () => process.kill(server.pid, 'SIGCONT')],
    [() => server.kill(), () => server.restart()]
  ]) {
    const workers = await Promise.all([startWorker(), startWorker()])
    await fail()
    const mine = store.saveIds('main', 2, 'y')
    await Promise.all(workers.map((worker) => worker.terminate()))
    await mend()
    assert.equal(await mine, true)
  }
  await store.quit()
})

test('workers ended while calls wait for credentials, fail, and are told of', async () => {
  const script = `
    const { subscribe } = require('node:diagnostics_channel')
    const { parentPort, workerData } = require('node:worker_threads')
    const createKeyStore = require(workerData.module)
    subscribe('js-redis-key-store:call', () => {})
    const { createClient } = require('redis5')
    const credentials = () => new Promise(() => {})
    const credentialsProvider = { type: 'async-credentials-provider', credentials }
    const clients = [createClient({ url: workerData.url, credentialsProvider }), workerData.url]
    const stores = clients.map((client) => {
      const store = createKeyStore(client, { maxPending: 300, onError: () => store.stats() })
      return store
    })
    const work = async () => {
      for (;;) {
        for (const store of stores) for (let n = 0; n < 500; n++) store.saveIds('w', n, n)
        await new Promise(setImmediate)
      }
    }
    work()
    setTimeout(() => parentPort.postMessage('under way'), 20)
  `
  for (let round = 0; round < 3; round++) {
    const workers = await Promise.all(Array.from({ length: 4 }, () => startWorker(script)))
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  const store = createKeyStore(server.url)
  assert.equal(await store.saveIds('main', 1, 'x'), true)
  await store.quit()
})
