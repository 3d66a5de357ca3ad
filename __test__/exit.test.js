/** An idle store keeps no process alive, a call under way does. Each script is a process. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { useBackends } = require('./support/backends')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()

const backends = useBackends()

const exits = async (script, url = server.url) => {
  const ended = await runScript(script.replaceAll('URL', JSON.stringify(url)))
  assert.deepEqual(
    { code: ended.code, signal: ended.signal, stderr: ended.stderr },
    { code: 0, signal: null, stderr: '' }
  )
  return ended.stdout
}

for (const { name, url } of backends) {
  describe(name, () => {
    test('a script that never calls quit ends after its last call', async () => {
      const printed = await exits(
        `
        const store = require('.')(URL)
        store.saveIds('i', 1, 'x').then(async (saved) => console.log(saved, await store.getExtId('i', 1)))
      `,
        await url()
      )
      assert.equal(printed, 'true x\n')
    })

    test('calls that nobody awaits complete before the process ends', async () => {
      const printed = await exits(
        `
        const store = require('.')(URL)
        for (let n = 0; n < 5000; n++) store.saveIds('i', n, n)
        process.once('exit', () => console.log(store.stats().pending))
      `,
        await url()
      )
      assert.equal(printed, '0\n')
    })

    test('a store that made no call does not hold the process', async () => {
      assert.equal(await exits(`require('.')(URL); console.log('made')`, await url()), 'made\n')
    })

    test('process.exit with calls under way', async () => {
      await exits(
        `
        const store = require('.')(URL)
        for (let n = 0; n < 5000; n++) store.saveIds('i', n, n)
        store.deleteAllIds('i')
        setImmediate(() => process.exit(0))
      `,
        await url()
      )
    })
  })
}

test('the store of a client ends with it, whoever closes it', async () => {
  for (const close of ['store.quit()', 'client.quit()', 'client.end(true)']) {
    const printed = await exits(`
      const client = require('redis3').createClient(URL)
      // Ended before it is ready itself, it says so.
      client.on('error', () => {})
      const store = require('.')(client)
      client.once('ready', async () => {
        const saved = await store.saveIds('i', 1, 'x')
        ${close}
        console.log(saved, await store.getExtId('i', 1), await store.saveIds('i', 2, 'y'))
      })
    `)
    assert.equal(printed, 'true undefined false\n', close)
  }
})

test('a process that waits for a server that is gone ends with quit', async () => {
  const printed = await exits(`
    const store = require('.')('redis://127.0.0.1:1')
    store.saveIds('i', 1, 'x').then((saved) => console.log('saved', saved))
    setImmediate(() => store.quit().then((closed) => console.log('closed', closed)))
  `)
  assert.equal(printed, 'saved false\nclosed true\n')
})

test('process.exit with calls that wait for a server that stands still', async () => {
  process.kill(server.pid, 'SIGSTOP')
  const script = `
    const store = require('.')(${JSON.stringify(server.url)})
    for (let n = 0; n < 5000; n++) store.saveIds('i', n, n)
    setTimeout(() => process.exit(0), 50)
  `
  const ended = await runScript(script)
  process.kill(server.pid, 'SIGCONT')
  assert.deepEqual([ended.code, ended.signal, ended.stderr], [0, null, ''])
})
