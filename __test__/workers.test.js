/** A store dies with its worker, at any time; the others go on. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const createKeyStore = require('..')
const { contents, useServer } = require('./support/redis')

const server = useServer()

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

const startWorker = async (script = SCRIPT) => {
  const workerData = { module: require.resolve('..'), url: server.url }
  const worker = new Worker(script, { eval: true, workerData })
  await once(worker, 'message')
  return worker
}

test('10 workers ended with calls under way, three times over', async () => {
  const store = createKeyStore(server.url)
  for (let round = 0; round < 3; round++) {
    const workers = await Promise.all(Array.from({ length: 10 }, () => startWorker()))
    const mine = store.saveIds('main', round, 'x')
    await Promise.all(workers.map((worker) => worker.terminate()))
    assert.equal(await mine, true)
    assert.equal(await store.getExtId('main', round), 'x')
  }
  assert.equal(await store.quit(), true)
})

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

test('a worker that ends by itself has its calls done', async () => {
  await server.command('flushall')
  const worker = await startWorker(`
    const { parentPort, workerData } = require('node:worker_threads')
    const store = require(workerData.module)(workerData.url)
    for (let n = 0; n < 1000; n++) store.saveIds('w', n, n)
    parentPort.postMessage('called')
  `)
  const [code] = await once(worker, 'exit')
  assert.equal(code, 0)
  assert.equal(Object.keys(await contents(server.command)).length, 2_000)
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
