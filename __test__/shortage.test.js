/** A process that has no file descriptor, or may start no thread, when the store needs one. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { before, describe, test } = require('node:test')
const { preload, run } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()

/** What comes before each script: ways to be short of things, a store's own and for what calls come to. */
const BEFORE = `
  const fs = require('node:fs')
  const createKeyStore = require('.')
  const errors = []
  const onError = ({ code, message }) => errors.push([code, message])
  const taken = []
  const takeFiles = () => {
    try {
      for (;;) taken.push(fs.openSync('/dev/null'))
    } catch {}
  }
  const freeFiles = () => taken.splice(0).forEach((file) => fs.closeSync(file))
  const takeThreads = () => fs.writeFileSync(process.env.NO_THREADS_WHILE, '')
  const freeThreads = () => fs.unlinkSync(process.env.NO_THREADS_WHILE)
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const states = []
  require('node:diagnostics_channel').subscribe('js-redis-key-store:connection', ({ state }) => states.push(state))
  const tell = (...told) => fs.writeSync(1, JSON.stringify(told))
`

let env
before(async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-shortage-'))
  t.after?.(() => fs.rmSync(directory, { recursive: true }))
  env = {
    ...(await preload(t, 'no-threads')),
    NO_THREADS_WHILE: path.join(directory, 'none'),
    TEST_URL: server.url,
    TEST_NAME: `redis://localhost:${server.port}`
  }
})

/** What a script tells, which must end by itself and write nothing to stderr. */
const told = async (script) => {
  const whole = `${BEFORE} ;(async () => { ${script} })()`
  // Few files, so that they are soon taken.
  const limited = ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, '-e', whole]
  const { code, signal, stdout, stderr } = await run('sh', limited, { env, limit: 30_000 })
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return JSON.parse(stdout)
}

const SHORTAGES = { file: 'Files', thread: 'Threads' }

for (const [what, name] of Object.entries(SHORTAGES)) {
  describe(`no ${what} to be had`, () => {
    test('at the first call: it is done once there is one', async () => {
      const [calls, errors] = await told(`
        const store = createKeyStore(process.env.TEST_URL, { onError, readTimeout: 5_000 })
        take${name}()
        const calls = [store.saveIds('i', 1, 'x'), store.getExtId('i', 1)]
        await sleep(300)
        calls.push(store.deleteIds('i', 1, 'x'), store.getExtId('i', 1), store.deleteAllIds('i'))
        await sleep(300)
        free${name}()
        tell(await Promise.all(calls), errors)
        await store.quit()
      `)
      assert.deepEqual(calls, [true, 'x', true, null, true])
      assert.deepEqual(errors, [])
    })

    test('by the deadline: it fails, and says what is missing', async () => {
      const [calls, errors, waited, later, pending] = await told(`
        const store = createKeyStore(process.env.TEST_URL, { onError, readTimeout: 200, writeTimeout: 400 })
        take${name}()
        const start = performance.now()
        const calls = await Promise.all([store.getExtId('i', 1), store.saveIds('i', 1, 'x')])
        const waited = performance.now() - start
        free${name}()
        const later = await store.saveIds('i', 1, 'y')
        tell([String(calls[0]), calls[1]], errors, waited, later, store.stats().pending)
        await store.quit()
      `)
      assert.deepEqual(calls, ['undefined', false])
      assert.ok(waited >= 400 && waited < 1_500, `${waited} ms`)
      for (const [code, message] of errors) {
        assert.equal(code, 'UNREACHABLE')
        assert.match(message, /free file descriptors, threads or memory/)
        assert.match(message, what === 'file' ? /Too many open files/ : /no thread can be started/)
      }
      assert.equal(errors.length, 2)
      assert.deepEqual([later, pending], [true, 0])
    })

    test('a store that does not wait: it fails at once', async () => {
      const [answer, errors, waited, later] = await told(`
        const client = new (require('ioredis'))({ port: ${server.port}, lazyConnect: true, enableOfflineQueue: false })
        const store = createKeyStore(client, { onError })
        take${name}()
        const start = performance.now()
        const answer = await store.saveIds('i', 1, 'x')
        const waited = performance.now() - start
        free${name}()
        tell(answer, errors, waited, await store.saveIds('i', 1, 'x'))
        client.disconnect()
      `)
      assert.equal(answer, false)
      assert.equal(errors[0][0], 'UNREACHABLE')
      assert.ok(waited < 300, `${waited} ms`)
      assert.equal(later, true)
    })

    test('when the store is closed: it closes', async () => {
      const [answers] = await told(`
        const store = createKeyStore(process.env.TEST_URL, { onError })
        take${name}()
        const saved = store.saveIds('i', 1, 'x')
        const quit = store.quit()
        const answers = await Promise.all([saved, quit])
        free${name}()
        tell(answers)
      `)
      assert.deepEqual(answers, [false, true])
    })

    test('the connection was lost meanwhile, to a server by name: as if the server were down', async () => {
      const [calls, errors, states] = await told(`
        const store = createKeyStore(process.env.TEST_NAME, { onError, readTimeout: 5_000 })
        await store.saveIds('i', 1, 'x')
        const killer = require('redis3').createClient(${server.port})
        await new Promise((resolve) => killer.once('ready', resolve))
        take${name}()
        killer.client('kill', 'type', 'normal')
        await sleep(200)
        // What it had is free now.
        take${name}()
        const calls = [store.saveIds('i', 2, 'y'), store.getExtId('i', 2), store.deleteIds('i', 1, 'x')]
        await sleep(500)
        free${name}()
        tell(await Promise.all(calls), errors, states)
        killer.end(true)
        await store.quit()
      `)
      assert.deepEqual(calls, [true, 'y', true])
      assert.deepEqual(errors, [])
      assert.ok(states.includes('failed'))
      assert.equal(states.at(-1), 'ready')
    })

    test('the environment ends meanwhile: it ends', async () => {
      const [code] = await told(`
        const { Worker } = require('node:worker_threads')
        const worker = new Worker(
          "const store = require('.')(process.env.TEST_URL); require('node:worker_threads').parentPort.once('message', () => { store.saveIds('i', 1, 'x'); setTimeout(() => process.exit(), 200) }).postMessage('')",
          { eval: true }
        )
        await new Promise((resolve) => worker.once('message', resolve))
        take${name}()
        worker.postMessage('')
        const code = await new Promise((resolve) => worker.once('exit', resolve))
        free${name}()
        tell(code)
      `)
      assert.equal(code, 0)
    })
  })
}
