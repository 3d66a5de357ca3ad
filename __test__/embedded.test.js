/** Stores in files: how they are named, what is refused, what they share, and what trouble does to them. */

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const createKeyStore = require('..')
const { useFolder } = require('./support/backends')
const { ROOT, runScript } = require('./support/programs')

const folder = useFolder()
let names = 0
const fresh = (name = `${names++}.redb`) => path.join(folder.path, name)

/** A strict store, closed at the end of the test `t`. */
const open = (t, address, options) => {
  const store = createKeyStore(address, { strict: true, ...options })
  t.after(() => store.quit())
  return store
}

const saves = async (store) => {
  assert.equal(await store.saveIds('i', 1, 'x'), true)
  assert.equal(await store.getBotmaticId('i', 'x'), '1')
}

describe('addresses', () => {
  const forms = {
    'an absolute path': (file) => `file:${file}`,
    'a relative path': (file) => `file:${path.relative(process.cwd(), file)}`,
    'a file URL': (file) => pathToFileURL(file).href,
    'a URL object': (file) => pathToFileURL(file),
    '{url}': (file) => ({ url: `file:${file}` }),
    'a scheme in capitals': (file) => `FILE:${file}`
  }
  for (const [form, address] of Object.entries(forms)) {
    test(form, async (t) => {
      const file = fresh(`spaces % ü ${names++}.redb`)
      await saves(open(t, address(file)))
      assert.ok(fs.existsSync(file), file)
    })
  }

  for (const [what, address, name] of [
    ['a file URL is decoded', (own) => `file://${own}/a%20%C3%A9%25.redb`, 'a é%.redb'],
    ['a path is not', (own) => `file:${own}/a%20b.redb`, 'a%20b.redb'],
    ['nor is what looks like a query', (own) => `file:${own}/a?b=1#c.redb`, 'a?b=1#c.redb'],
    ['dots are', (own) => `file:${own}/x/../dots.redb`, 'dots.redb'],
    [
      '{url} of a URL',
      (own) => ({ url: new URL(`file://${own}/object%201.redb`) }),
      'object 1.redb'
    ],
    ['a file URL of localhost', (own) => `file://localhost${own}/local.redb`, 'local.redb']
  ]) {
    test(what, async (t) => {
      await saves(open(t, address(folder.path)))
      assert.ok(fs.existsSync(fresh(name)), fs.readdirSync(folder.path).join())
    })
  }

  test('a relative path is of the folder in which the store was made', async (t) => {
    const before = process.cwd()
    process.chdir(folder.path)
    const store = open(t, 'file:./relative.redb')
    process.chdir(before)
    await saves(store)
    assert.ok(fs.existsSync(fresh('relative.redb')))
  })

  test('keyPrefix keeps stores of one file apart', async (t) => {
    const url = `file:${fresh()}`
    await saves(open(t, url, { keyPrefix: 'a:' }))
    assert.equal(await open(t, { url, keyPrefix: 'b:' }).getExtId('i', 1), null)
    assert.equal(await open(t, url, { keyPrefix: 'a:' }).getExtId('i', 1), 'x')
  })

  for (const [address, options, message] of [
    ['file:', {}, /names no file/],
    ['file://', {}, /names a folder/],
    ['file:./folder/', {}, /names a folder/],
    ['file://host.example/x', {}, /file URL/],
    ['file:/a\0b', {}, /NUL/],
    ['memory:x', {}, /nothing behind it/],
    [{ url: 'file:./x', password: 'secret' }, {}, /"password" is for a server/],
    [{ url: 'memory:', tls: true }, {}, /"tls" is for a server/],
    [{ url: 'file:./x', host: 'h' }, {}, /"host" cannot stand beside "url"/],
    ['file:./x', { durability: 'never' }, /"immediate" or "eventual"/],
    ['file:./x', { cacheSize: 0 }, /MB/],
    ['redis://localhost', { durability: 'eventual' }, /"durability" is for the stores of file:/],
    ['redis://localhost', { cacheSize: 1 }, /"cacheSize" is for the stores of file:/]
  ]) {
    test(`refused: ${JSON.stringify(address)} ${JSON.stringify(options)}`, () => {
      assert.throws(() => createKeyStore(address, options), { name: 'TypeError', message })
    })
  }
})

describe('one file', () => {
  test('another process is told so, and has it when the first has quit', async (t) => {
    const file = fresh()
    const store = open(t, `file:${file}`)
    await store.saveIds('i', 1, 'x')
    const script = `
      const store = require('.')(${JSON.stringify(`file:${file}`)}, { strict: true })
      store.getExtId('i', 1).then(console.log, (error) => console.log(error.code, error.message))
    `
    const refused = await runScript(script)
    assert.match(refused.stdout, /^STORAGE .*another process has it open.*Redis/)
    await store.quit()
    assert.equal((await runScript(script)).stdout, 'x\n')
  })

  test('stores share it by whatever path, and the last closes it', async (t) => {
    const file = fresh()
    const stores = [`file:${file}`, `file:${path.relative(process.cwd(), file)}`].map((url) =>
      createKeyStore(url, { strict: true })
    )
    await stores[0].saveIds('i', 1, 'x')
    const link = fresh()
    fs.symlinkSync(file, link)
    stores.push(createKeyStore(`file:${link}`, { strict: true }))
    for (const store of stores) assert.equal(await store.getExtId('i', 1), 'x')
    for (const store of stores) {
      assert.ok(fs.existsSync(`${file}-log`))
      await store.quit()
    }
    assert.ok(!fs.existsSync(`${file}-log`))
    assert.equal(await open(t, `file:${file}`).getExtId('i', 1), 'x')
  })

  test('worker threads share it', async (t) => {
    const file = fresh()
    const store = open(t, `file:${file}`)
    const script = `
      const { workerData } = require('node:worker_threads')
      const store = require(${JSON.stringify(ROOT)})(workerData.url, { strict: true })
      const all = Array.from({ length: 500 }, (_, n) => store.saveIds('i', \`\${workerData.n}/\${n}\`, n))
      Promise.all(all).then(() => store.quit())
    `
    const workers = [0, 1, 2, 3].map(
      (n) => new Worker(script, { eval: true, workerData: { n, url: `file:${file}` } })
    )
    const exits = workers.map((worker) => once(worker, 'exit'))
    await store.saveIds('i', 'own', 'x')
    assert.deepEqual((await Promise.all(exits)).flat(), [0, 0, 0, 0])
    for (const n of [0, 1, 2, 3]) assert.equal(await store.getExtId('i', `${n}/499`), '499')
  })

  test('a link to it is it, for worker threads too, also before it is made', async (t) => {
    const [file, link] = [fresh(), fresh()]
    fs.symlinkSync(file, link)
    const store = open(t, `file:${link}`)
    await store.saveIds('i', 1, 'x')
    const script = `
      const { parentPort, workerData } = require('node:worker_threads')
      const store = require(${JSON.stringify(ROOT)})(workerData, { strict: true })
      store.getExtId('i', 1).then((id) => parentPort.postMessage(id))
    `
    for (const url of [`file:${file}`, `file:${link}`]) {
      const worker = new Worker(script, { eval: true, workerData: url })
      // One emit may follow the other at once.
      const [[id]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      assert.equal(id, 'x')
    }
    assert.ok(fs.existsSync(`${file}-log`))
    assert.ok(!fs.existsSync(`${link}-log`))
  })

  test('stores that open and close it at the same time', async () => {
    const url = `file:${fresh()}`
    for (let round = 0; round < 20; round++) {
      const stores = [0, 1, 2, 3].map(() => createKeyStore(url, { strict: true }))
      await Promise.all(
        stores.map(async (store, n) => {
          await store.saveIds('i', n, round)
          assert.equal(await store.getExtId('i', n), String(round))
          await store.quit()
        })
      )
    }
  })

  test('memory is of each store alone', async (t) => {
    await saves(open(t, 'memory:'))
    assert.equal(await open(t, 'memory:').getExtId('i', 1), null)
  })
})

describe('quit', () => {
  for (const [where, address] of [
    ['a file', () => `file:${fresh()}`],
    ['memory', () => 'memory:']
  ]) {
    test(`${where}: resolves in every state, once for all`, async () => {
      const unused = createKeyStore(address())
      assert.equal(await unused.quit(), true)
      const store = createKeyStore(address())
      const saved = store.saveIds('i', 1, 'x')
      const both = [store.quit(), store.quit()]
      assert.deepEqual(await Promise.all([saved, ...both]), [true, true, true])
      assert.equal(await store.getExtId('i', 1), undefined)
      assert.deepEqual(store.stats().failures, { CLOSED: 1 })
    })
  }

  test('of a file that cannot be used', async () => {
    const store = createKeyStore(`file:${path.join(folder.path, 'missing', 'ids.redb')}`)
    const saved = store.saveIds('i', 1, 'x')
    assert.equal(await store.quit(), true)
    assert.equal(await saved, false)
  })

  test('a new store has what the old one saved', async (t) => {
    const url = `file:${fresh()}`
    for (let n = 0; n < 5; n++) {
      const store = createKeyStore(url, { strict: true })
      for (let k = 0; k < n; k++) assert.equal(await store.getExtId('i', k), `x${k}`)
      await store.saveIds('i', n, `x${n}`)
      // Not awaited: the next one waits for it.
      store.quit()
    }
    assert.equal(await open(t, url).getExtId('i', 4), 'x4')
  })
})

test('stats count calls and failures, and no connection', async (t) => {
  for (const url of [`file:${fresh()}`, 'memory:']) {
    const store = open(t, url, { strict: false })
    const under = [store.saveIds('i', 1, 'x'), store.saveIds('i', null, 'x')]
    assert.equal(store.stats().pending, 1)
    await Promise.all(under)
    for (const id of [1, 2]) await store.getExtId('i', id)
    const bytes = { sent: 0, received: 0 }
    const failures = { NOID: 1 }
    assert.deepEqual(store.stats(), { calls: 4, failures, pending: 0, reconnects: 0, bytes })
  }
})

describe('trouble', () => {
  for (const [what, files] of [
    ['a file that is deleted', ['']],
    ['a log that is deleted', ['-log']],
    ['both', ['', '-log']]
  ]) {
    test(`${what}: saves fail, nothing is made anew, and it may be put back`, async (t) => {
      const file = fresh()
      const store = open(t, `file:${file}`)
      await store.saveIds('i', 1, 'x')
      const aside = (name) => `${file}${name}.aside`
      for (const name of files) fs.linkSync(`${file}${name}`, aside(name))
      for (const name of files) fs.rmSync(`${file}${name}`)
      for (const call of ['saveIds', 'deleteIds', 'deleteAllIds']) {
        await assert.rejects(store[call]('i', 2, 'y'), { code: 'STORAGE', message: /put it back/ })
      }
      for (const name of files) assert.ok(!fs.existsSync(`${file}${name}`))
      for (const name of files) fs.renameSync(aside(name), `${file}${name}`)
      assert.equal(await store.saveIds('i', 2, 'y'), true)
      await store.quit()
      const again = open(t, `file:${file}`)
      assert.deepEqual([await again.getExtId('i', 1), await again.getExtId('i', 2)], ['x', 'y'])
    })
  }

  test('a file that stands in its place is not written to', async (t) => {
    const file = fresh()
    const store = open(t, `file:${file}`)
    await store.saveIds('i', 1, 'x')
    fs.renameSync(file, `${file}-away`)
    fs.writeFileSync(file, 'of somebody else')
    await assert.rejects(store.saveIds('i', 2, 'y'), { code: 'STORAGE', message: /replaced/ })
    await store.quit()
    assert.equal(fs.readFileSync(file, 'utf8'), 'of somebody else')
  })

  test('a file that is moved away, and put back', async (t) => {
    const file = fresh()
    const store = open(t, `file:${file}`)
    await store.saveIds('i', 1, 'x')
    fs.renameSync(file, `${file}-away`)
    await assert.rejects(store.saveIds('i', 2, 'y'), { code: 'STORAGE', message: /put it back/ })
    fs.renameSync(`${file}-away`, file)
    assert.equal(await store.saveIds('i', 2, 'y'), true)
    await store.quit()
    const again = open(t, `file:${file}`)
    assert.deepEqual([await again.getExtId('i', 1), await again.getExtId('i', 2)], ['x', 'y'])
  })
})

test('a call is told as of redb, with the path of the file', async (t) => {
  const file = fresh()
  const { subscribe, unsubscribe } = require('node:diagnostics_channel')
  const told = []
  const hear = (message) => told.push(message)
  subscribe('js-redis-key-store:call', hear)
  t.after(() => unsubscribe('js-redis-key-store:call', hear))
  const store = open(t, `file:${file}`)
  await store.saveIds('integration', 1, 'x')
  await store.getExtId('integration', 1)
  assert.deepEqual(
    told.map((call) => [call['db.system.name'], call['db.operation.name'], call['db.namespace']]),
    [
      ['redb', 'saveIds', file],
      ['redb', 'getExtId', file]
    ]
  )
  assert.equal(told[1].outcome, 'found')
  told.length = 0
  await assert.rejects(open(t, 'memory:').saveIds('i', null, 'x'))
  const own = Object.entries(told[0]).filter(([name]) => name.includes('.'))
  assert.deepEqual(Object.fromEntries(own), {
    'db.system.name': 'redb',
    'db.operation.name': 'saveIds',
    'error.type': 'NOID'
  })
})

test('lookups that are awaited one after the other let others have their turn', async (t) => {
  const store = open(t, `file:${fresh()}`)
  await store.saveIds('i', 1, 'x')
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  for (let n = 0; n < 20_000; n++) await store.getExtId('i', 1)
  clearInterval(timer)
  assert.ok(turns > 0)
})
