/** Stores that nobody holds any more. Each script is a process that can collect its garbage. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { freePort } = require('../scripts/redis')
const { useFolder } = require('./support/backends')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()
const folder = useFolder()

/** Runs a script with these to hand: createKeyStore, count (of the stores' connections), collect. */
const run = async (script, values = {}) => {
  const text = `
    const createKeyStore = require('.')
    const { url, port, file, to: given } = ${JSON.stringify({ url: server.url, ...values })}
    const client = require('redis3').createClient(url)
    const send = (name, ...args) =>
      new Promise((resolve) => client.send_command(name, args, (_, reply) => resolve(reply)))
    const count = async () =>
      (await send('client', ['list'])).split('\\n').filter((line) => line.includes('name=js-redis-key-store')).length
    const collect = async () => {
      gc()
      await new Promise(setImmediate)
    }
    const main = async () => { ${script} }
    main().then(() => client.quit())
  `
  const ended = await runScript(text, { args: ['--expose-gc'] })
  assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ''])
  return ended.stdout
}

test('their connections close', async () => {
  const printed = await run(`
    for (let n = 0; n < 20; n++) await createKeyStore(url).saveIds('i', n, n)
    console.log(await count() > 0)
    // Garbage goes in its own time: the test ends by its limit when it never does.
    while ((await count()) > 0) await collect()
  `)
  assert.equal(printed, 'true\n')
})

/** Ways in which what a store is given knows the store. */
const CAPTURES = {
  'its onError': 'store = createKeyStore(to, { onError: () => store.stats() })',
  'its onError, as a class':
    'store = new createKeyStore.RedisKeyStore(to, { onError: () => store.stats() })',
  'its onError, which was called':
    "store = createKeyStore(to, { maxPending: 1, onError: () => store.stats() }); store.saveIds('i', 1, 1)",
  'the error of a call':
    'store = createKeyStore(to); await store.getExtId(Symbol()).catch(() => {})',
  'its methods': 'store = createKeyStore(to); store.own = store.saveIds'
}

for (const [what, make] of Object.entries(CAPTURES)) {
  for (const to of ['url', 'client']) {
    test(`stores of a ${to} that ${what} knows are garbage, and their connections close`, async () => {
      const printed = await run(`
        let alive = 0
        const registry = new FinalizationRegistry(() => alive--)
        const to = ${to}
        const use = async (n) => {
          let store
          ${make}
          registry.register(store, n)
          alive++
          await store.saveIds('i', n, n)
        }
        for (let n = 0; n < 20; n++) await use(n)
        console.log((await count()) > 0)
        while (alive > 0) await collect()
        if (to === url) while ((await count()) > 0) await collect()
        console.log(await count())
      `)
      assert.equal(printed, to === 'url' ? 'true\n0\n' : 'true\n1\n')
    })
  }
}

for (const [what, make] of Object.entries(CAPTURES)) {
  for (const kind of ['a file', 'memory']) {
    test(`stores in ${kind} that ${what} knows are garbage, and are closed`, async () => {
      const file = path.join(folder.path, `${what}.redb`)
      const printed = await run(
        `
        const fs = require('node:fs')
        // Each store that is open has a thread that writes.
        const writers = () => fs.readdirSync('/proc/self/task').filter((task) => {
          const name = '/proc/self/task/' + task + '/comm'
          return fs.existsSync(name) && fs.readFileSync(name, 'utf8').startsWith('key-store-write')
        }).length
        const to = given
        let alive = 0
        const registry = new FinalizationRegistry(() => alive--)
        const use = async (n) => {
          let store
          ${make}
          registry.register(store, n)
          alive++
          await store.saveIds('i', n, n)
        }
        for (let n = 0; n < 20; n++) await use(n)
        console.log(writers() > 0)
        while (alive > 0 || writers() > 0) await collect()
        console.log(fs.existsSync(file + '-log'))
      `,
        { file, to: kind === 'memory' ? 'memory:' : `file:${file}` }
      )
      assert.equal(printed, 'true\nfalse\n')
    })
  }
}

test('a store that nobody holds while its call is under way tells of its failure', async () => {
  const printed = await run(`
    const tell = (error) => console.log(error.code)
    const call = createKeyStore('redis://127.0.0.1:1', { readTimeout: 300, onError: tell }).getExtId('i', 1)
    for (let n = 0; n < 20; n++) {
      await collect()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    console.log(await call)
  `)
  assert.equal(printed, 'UNREACHABLE\nundefined\n')
})

test('those of clients that are garbage too', async () => {
  const printed = await run(`
    const { createClient } = require('redis3')
    const use = async () => {
      const own = createClient(url)
      await require('node:events').once(own, 'ready')
      await createKeyStore(own).saveIds('i', 1, 1)
      own.end(true)
    }
    for (let n = 0; n < 20; n++) await use()
    while ((await count()) > 0) await collect()
    console.log('closed')
  `)
  assert.equal(printed, 'closed\n')
})

test('collected just after their connections were lost', async () => {
  await run(`
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 20; n++) await createKeyStore(url).saveIds('i', n, n)
      await send('client', ['kill', 'type', 'normal', 'skipme', 'yes'])
      // The news of it waits while this thread is busy.
      const until = performance.now() + 20
      while (performance.now() < until);
      for (let n = 0; n < 5; n++) await collect()
    }
  `)
})

test('what they were called to do in an outage is done all the same', async () => {
  const port = await freePort()
  const printed = await run(
    `
    const saved = createKeyStore('redis://127.0.0.1:' + port).saveIds('i', 1, 'x')
    for (let n = 0; n < 20; n++) {
      await collect()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const { spawn } = require('node:child_process')
    const program = require('./scripts/redis').findProgram()
    const other = spawn(program, ['--port', port, '--save', ''], { cwd: require('os').tmpdir() })
    console.log(await saved)
    other.kill()
  `,
    { port }
  )
  assert.equal(printed, 'true\n')
})
