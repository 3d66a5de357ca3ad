/** What stands where a store is to be: what it cannot use it names, with the reason, and leaves as it is. */

const assert = require('node:assert/strict')
const { hash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const zlib = require('node:zlib')
const createKeyStore = require('..')
const { useFolder } = require('./support/backends')
const { ROOT, runScript } = require('./support/programs')

const TOKEN = 'tok3n-of-an-integration'

const folder = useFolder()
let names = 0
const fresh = () => path.join(folder.path, `${names++}.redb`)

const open = (t, file, options) => {
  const store = createKeyStore(`file:${file}`, { strict: true, ...options })
  t.after(() => store.quit())
  return store
}

const write = (content) => {
  const file = fresh()
  fs.writeFileSync(file, content)
  return file
}

/** A file with pairs whose store was closed. */
const closed = async (pairs = 1) => {
  const file = fresh()
  const store = createKeyStore(`file:${file}`)
  for (let n = 0; n < pairs; n++) store.saveIds('i', n, `x${n}`)
  await store.quit()
  return file
}

/** A file with pairs whose store was not closed. */
const left = async (pairs = 1) => {
  const file = fresh()
  const ended = await runScript(`
    const store = require('.')(${JSON.stringify(`file:${file}`)})
    const saved = Array.from({ length: ${pairs} }, (_, n) => store.saveIds('i', n, 'x' + n))
    Promise.all(saved).then(() => process.kill(process.pid, 'SIGKILL'))
  `)
  assert.equal(ended.signal, 'SIGKILL')
  return file
}

/** Databases of redb 4.6 in support/foreign, each with one table of one row; the crashed ones were not closed. */
const foreign = (name) => {
  const packed = path.join(__dirname, 'support', 'foreign', `${name}.redb.gz`)
  return write(zlib.gunzipSync(fs.readFileSync(packed)))
}

/** All that stands at a path and beside it, as it would show if anything were written. */
const traces = (file) => {
  const names = [file, `${file}-log`].filter(fs.existsSync)
  return names.map((name) => {
    const { mtimeMs, size } = fs.statSync(name)
    const own = fs.statSync(name).isFile() && hash('sha256', fs.readFileSync(name))
    return [name, mtimeMs, size, own]
  })
}

/** Bytes of a file are changed from one of its quarters to the next. */
const spoil = (file, bytes = 1_000) => {
  const text = fs.readFileSync(file)
  const from = Math.floor(text.length / 3)
  text.fill(0x5a, from, from + bytes)
  fs.writeFileSync(file, text)
  return file
}

const CASES = {
  'a missing folder': [() => path.join(folder.path, 'missing', 'ids.redb'), /make its folder/],
  'a folder': [() => folder.path, /directory/],
  'a file as a folder': [() => path.join(__filename, 'ids.redb'), /folder is a file/],
  'a text': [() => write('These are notes, and no store.'), /no file of this store.*another/],
  'a short text': [() => write('x'), /no file of this store/],
  'a database of SQLite': [() => write(`SQLite format 3\0${'x'.repeat(8_000)}`), /no file of this/],
  'the beginning of a database': [() => write('redb\x1A\x0A\xA9\x0D\x0A'), /no file of this store/],
  'a database of another program': [() => foreign('other'), /no file of this store.*as it is/],
  'a database of an earlier redb': [
    () => {
      const file = foreign('other')
      const text = fs.readFileSync(file)
      // The format of either commit slot.
      for (const at of [64, 192]) text[at] = 2
      return write(text)
    },
    /no file of this store.*as it is/
  ],
  'a database whose table only has the same name': [
    () => foreign('alike'),
    /no file of this store/
  ],
  'a file of a later version': [() => foreign('newer'), /format 2.*format 1 only: update js-redis/],
  'a database that another program left in a crash': [
    () => foreign('crashed-other'),
    /no file of this store.*as it is/
  ],
  'a file that a later version left in a crash': [
    () => foreign('crashed-newer'),
    /format 2.*format 1 only: update js-redis/
  ],
  'a file whose end is missing': [
    async () => {
      const file = await closed(2_000)
      fs.truncateSync(file, fs.statSync(file).size / 2)
      return file
    },
    /damaged/
  ],
  'a file whose end is missing after a crash': [
    async () => {
      const file = await left(2_000)
      fs.truncateSync(file, 9 * 4096)
      return file
    },
    /damaged/
  ],
  'a file in which bytes were changed': [async () => spoil(await closed(2_000)), /damaged/],
  'a file in which bytes were changed after a crash': [
    async () => spoil(await left(100_000)),
    /damaged/
  ]
}

describe('what cannot be used is named, and left as it is', () => {
  for (const [what, [make, message]] of Object.entries(CASES)) {
    test(what, async (t) => {
      const file = await make()
      const before = traces(file)
      const store = open(t, file)
      for (const call of ['saveIds', 'getExtId', 'deleteIds', 'deleteAllIds']) {
        await assert.rejects(store[call](TOKEN, 1, 'x'), (error) => {
          assert.deepEqual([error.code, error.operation], ['STORAGE', call])
          assert.match(error.message, message)
          assert.ok(error.message.includes(file), error.message)
          assert.ok(!error.message.includes(TOKEN), error.message)
          return true
        })
      }
      await store.quit()
      assert.deepEqual(traces(file), before)
    })
  }

  test('a store that is not strict says it by its answers, and tells onError', async () => {
    const codes = []
    const url = `file:${foreign('other')}`
    const store = createKeyStore(url, { onError: ({ code }) => codes.push(code) })
    const answers = [store.saveIds('i', 1, 'x'), store.getExtId('i', 1), store.deleteAllIds('i')]
    assert.deepEqual(await Promise.all(answers), [false, undefined, false])
    assert.deepEqual(codes, Array(3).fill('STORAGE'))
    assert.deepEqual(store.stats().failures, { STORAGE: 3 })
    assert.equal(await store.quit(), true)
  })
})

describe('what can be used once it is mended', () => {
  test('a folder that is made later', async (t) => {
    const own = path.join(folder.path, 'later')
    const store = open(t, path.join(own, 'ids.redb'))
    await assert.rejects(store.saveIds('i', 1, 'x'), { code: 'STORAGE' })
    fs.mkdirSync(own)
    assert.equal(await store.saveIds('i', 1, 'x'), true)
  })

  test('a log that is put back', async (t) => {
    const file = await left()
    fs.renameSync(`${file}-log`, `${file}-elsewhere`)
    const store = open(t, file)
    await assert.rejects(store.getExtId('i', 0), {
      code: 'STORAGE',
      message: /its log .* is gone.*put the log back/
    })
    assert.ok(!fs.existsSync(`${file}-log`), 'none is made')
    fs.renameSync(`${file}-elsewhere`, `${file}-log`)
    assert.equal(await store.getExtId('i', 0), 'x0')
  })

  test('an empty file is one that is to be made', async (t) => {
    const store = open(t, write(''))
    assert.equal(await store.saveIds('i', 1, 'x'), true)
    assert.equal(await store.getExtId('i', 1), 'x')
  })

  test('a log that is of no use any more is not taken in', async (t) => {
    const old = await left()
    const file = await closed()
    fs.copyFileSync(`${old}-log`, `${file}-log`)
    const store = open(t, file)
    assert.equal(await store.deleteIds('i', 0, 'x0'), true)
    await store.quit()
    assert.equal(await open(t, file).getExtId('i', 0), null)
  })
})

describe('one user who may not', { skip: process.platform === 'win32' }, () => {
  /** What a lookup and a save come to for a user who is not root. */
  const asOther = async (file) => {
    fs.chmodSync(folder.path, 0o755)
    const { stdout, stderr } = await runScript(`
      const createKeyStore = require(${JSON.stringify(ROOT)})
      if (process.getuid() === 0) process.setuid(65534)
      const store = createKeyStore(${JSON.stringify(`file:${file}`)}, { strict: true })
      const tell = (call) =>
        call.then(console.log, ({ code, message }) => console.log(code, message))
      const main = async () => {
        await tell(store.getExtId('i', 0))
        await tell(store.saveIds('i', 2, 'y'))
      }
      main()
    `)
    assert.equal(stderr, '')
    return stdout.trim().split('\n')
  }

  for (const [what, make] of Object.entries({
    'write a file': async () => {
      const file = await closed()
      fs.chmodSync(file, 0o444)
      return file
    },
    'read a file': async () => {
      const file = await closed()
      fs.chmodSync(file, 0o000)
      return file
    },
    'make a file there': () => {
      const own = path.join(folder.path, `${names++}`)
      fs.mkdirSync(own, { mode: 0o555 })
      return path.join(own, 'ids.redb')
    },
    'make the log there': async () => {
      const own = path.join(folder.path, `${names++}`)
      fs.mkdirSync(own)
      const file = path.join(own, 'ids.redb')
      fs.copyFileSync(await closed(), file)
      fs.chmodSync(file, 0o666)
      fs.chmodSync(own, 0o555)
      return file
    }
  })) {
    test(what, async () => {
      const file = await make()
      const before = traces(file)
      const [found, saved] = await asOther(file)
      assert.match(saved, /^STORAGE .*Permission denied.*this user needs to read and write it/)
      assert.ok(saved.includes(file), saved)
      if (what === 'make the log there') assert.equal(found, 'x0')
      else {
        assert.match(found, /^STORAGE .*Permission denied/)
        assert.deepEqual(traces(file), before)
      }
    })
  }
})
