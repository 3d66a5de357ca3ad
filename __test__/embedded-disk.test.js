/**
 * Stores in files on disks that fail, hang, are full or may not be written: calls fail in words, nothing that
 * was answered is lost, and all is well when the cause is gone. Each script is a process.
 */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const createKeyStore = require('..')
const { useFolder } = require('./support/backends')
const { ROOT, preload, run, runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const folder = useFolder()
let names = 0
const fresh = () => path.join(folder.path, `${names++}`)

/** What scripts have to hand: createKeyStore, a strict store on `file`, `fails` for what a call fails with. */
const withStore = (file, script, options = {}) => `
  const fs = require('node:fs')
  const createKeyStore = require(${JSON.stringify(ROOT)})
  const file = ${JSON.stringify(file)}
  const store = createKeyStore('file:' + file, ${JSON.stringify({ strict: true, ...options })})
  const fails = (call) => call.then(() => 'it did not fail', ({ code, message }) => code + ' ' + message)
  const main = async () => { ${script} }
  main().then((told) => console.log(JSON.stringify(told)))
`

const toldBy = ({ code, signal, stdout, stderr }) => {
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return JSON.parse(stdout)
}

/** A disk that the test rules, see support/disk.c, and the file on it. */
const ruled = async (t) => {
  const own = fresh()
  fs.mkdirSync(own)
  const at = (name) => path.join(own, name)
  return { at, env: { ...(await preload(t, 'disk')), KEY_STORE_DISK: own } }
}

describe('how often the disk is waited for', { skip: process.platform !== 'linux' }, () => {
  const COUNT = `
    const count = () => fs.statSync(process.env.KEY_STORE_DISK + '/syncs').size
    await store.saveIds('i', 'first', 'x')
    const before = count()
  `
  const syncsOf = async (t, script, options) => {
    const { at, env } = await ruled(t)
    const text = withStore(at('ids.redb'), `${COUNT} ${script}; return count() - before`, options)
    return toldBy(await runScript(text, { env }))
  }

  test('calls that are under way together share a sync', async (t) => {
    const many = `for (let n = 0; n < 10; n++)
      await Promise.all(Array.from({ length: 1_000 }, (_, k) => store.saveIds('i', k, n)))`
    const syncs = await syncsOf(t, many)
    // Each burst is more than one that sets off at once, and less than one each for a hundredth of its calls.
    assert.ok(syncs >= 10 && syncs < 100, `${syncs} syncs`)
  })

  test('one alone has one of its own', async (t) => {
    assert.equal(
      await syncsOf(t, `for (let n = 0; n < 50; n++) await store.saveIds('i', n, n)`),
      50
    )
  })

  test('lookups, and deletions of what is not there, have none', async (t) => {
    const script = `await Promise.all([
      store.getExtId('i', 'first'), store.deleteIds('i', 'b', 'e'), store.deleteAllIds('other')
    ])`
    assert.equal(await syncsOf(t, script), 0)
  })

  test('saves with durability "eventual" have none', async (t) => {
    const script = `for (let n = 0; n < 50; n++) await store.saveIds('i', n, n)`
    assert.equal(await syncsOf(t, script, { durability: 'eventual' }), 0)
  })

  test('one store that is durable and one that is not share a file: its saves are synced', async (t) => {
    const script = `
      const other = createKeyStore('file:' + file, { durability: 'eventual' })
      for (let n = 0; n < 50; n++) await other.saveIds('i', n, n)
      await store.saveIds('i', 'last', 'y')`
    assert.equal(await syncsOf(t, script), 1)
  })
})

test('what "eventual" answered survives the end of the process by a signal', async (t) => {
  const file = fresh()
  const script = `
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => store.saveIds('i', n, n)))
    process.kill(process.pid, 'SIGKILL')
  `
  const ended = await runScript(withStore(file, script, { durability: 'eventual' }))
  assert.equal(ended.signal, 'SIGKILL')
  const store = createKeyStore(`file:${file}`, { strict: true })
  t.after(() => store.quit())
  const found = await Promise.all(Array.from({ length: 5_000 }, (_, n) => store.getExtId('i', n)))
  assert.deepEqual(
    found,
    Array.from({ length: 5_000 }, (_, n) => String(n))
  )
})

describe('a disk that the test rules', { skip: process.platform !== 'linux' }, () => {
  const server = useServer()

  test('it fails, and works again', async (t) => {
    const { at, env } = await ruled(t)
    const script = `
      await store.saveIds('i', 1, 'x')
      fs.writeFileSync(${JSON.stringify(at('fails'))}, '')
      const failed = [await fails(store.saveIds('i', 2, 'y')), await fails(store.deleteAllIds('i'))]
      fs.rmSync(${JSON.stringify(at('fails'))})
      const found = [await store.getExtId('i', 1), await store.getExtId('i', 2)]
      const saved = await store.saveIds('i', 3, 'z')
      return { failed, found, saved, failures: store.stats().failures }
    `
    const told = toldBy(await runScript(withStore(at('ids.redb'), script), { env }))
    for (const text of told.failed) {
      assert.match(text, /^STORAGE .*Input\/output error.*check the disk/)
      assert.ok(text.includes(at('ids.redb')), text)
    }
    // A save that failed may be there, as one that timed out.
    assert.equal(told.found[0], 'x')
    assert.deepEqual([told.saved, told.failures], [true, { STORAGE: 2 }])
  })

  test('it hangs: calls have their deadlines, and neither this thread nor Redis waits for it', async (t) => {
    const { at, env } = await ruled(t)
    const script = `
      await store.saveIds('i', 1, 'x')
      const redis = createKeyStore(${JSON.stringify(server.url)}, { strict: true })
      const elsewhere = createKeyStore('file:' + file + '-other', { strict: true })
      const memory = createKeyStore('memory:', { strict: true })
      await redis.saveIds('i', 0, 'x')
      fs.writeFileSync(${JSON.stringify(at('hangs'))}, '')
      const began = performance.now()
      const saved = fails(store.saveIds('i', 2, 'y'))
      const others = [redis, memory].map((each) => each.saveIds('i', 1, 'x'))
      const answers = await Promise.all(others)
      const took = performance.now() - began
      const failed = await saved
      fs.rmSync(${JSON.stringify(at('hangs'))})
      const after = await store.saveIds('i', 3, 'z')
      const found = await store.getExtId('i', 3)
      await Promise.all([redis, elsewhere, memory, store].map((each) => each.quit()))
      return { answers, took, failed, after, found }
    `
    const options = { writeTimeout: 1_000 }
    const told = toldBy(await runScript(withStore(at('ids.redb'), script, options), { env }))
    assert.deepEqual(told.answers, [true, true])
    assert.ok(told.took < 900, `${told.took} ms`)
    assert.match(
      told.failed,
      /^TIMEOUT .*within 1000 ms \(writeTimeout\), no answer came from \/.*ids\.redb; check/
    )
    assert.deepEqual([told.after, told.found], [true, 'z'])
  })
})

test('a limit to the size of files, until it is lifted', {
  skip: process.platform !== 'linux'
}, async () => {
  const script = `
    // Without a listener this signal ends the process.
    process.on('SIGXFSZ', () => {})
    const limit = (size) =>
      require('node:child_process').execFileSync('prlimit', ['--pid', process.pid, '--fsize=' + size + ':'])
    await store.saveIds('i', 0, 'x0')
    limit(1_000_000)
    const answered = [0]
    let message = ''
    const save = (n) => store.saveIds('i', n, 'x' + n).then(
      () => answered.push(n), (error) => (message = error.code + ' ' + error.message)
    )
    for (let n = 1; message === ''; n += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, k) => save(n + k)))
    }
    const failed = await fails(store.deleteAllIds('none'))
    limit('unlimited')
    await save('after')
    const found = await Promise.all(answered.map((id) => store.getExtId('i', id)))
    const lost = found.filter((id, at) => id !== 'x' + answered[at]).length
    await store.quit()
    return { message, failed, after: answered.at(-1), lost }
  `
  const file = fresh()
  const told = toldBy(await runScript(withStore(file, script)))
  assert.match(told.message, /^STORAGE .*File too large.*free some space; calls succeed again/)
  assert.deepEqual(
    [told.failed, told.after, told.lost],
    ['it did not fail', 'after', 0],
    'what changes nothing needs no room'
  )
})

/** Whether this user may mount file systems that others do not see. */
const mounting = async () => {
  const { code } = await run('unshare', ['-m', 'mount', '-t', 'tmpfs', 'x', '/mnt']).catch(
    () => ({})
  )
  return code === 0
}

describe('a file system of its own', () => {
  /** Runs a script with a small file system at `own`. */
  const mounted = async (t, own, script) => {
    if (!(await mounting())) return t.skip('this user may not mount a file system')
    fs.mkdirSync(own)
    const mount = 'mount -t tmpfs -o size=12m key-store "$0" && exec "$1" -e "$2"'
    const text = withStore(path.join(own, 'ids.redb'), script)
    const args = ['-m', 'sh', '-c', mount, own, process.execPath, text]
    return toldBy(await run('unshare', args))
  }

  test('a disk that is full, until there is room', async (t) => {
    const own = fresh()
    const told = await mounted(
      t,
      own,
      `
      const ballast = ${JSON.stringify(path.join(own, 'ballast'))}
      fs.writeFileSync(ballast, Buffer.alloc(7 * 2 ** 20))
      const codes = new Set()
      const answered = []
      let last
      const save = (n) => store.saveIds('i', n, 'x' + n).then(
        () => answered.push(n), (error) => codes.add(error.code) && (last = error.message)
      )
      let n = 0
      while (codes.size === 0 && n < 400_000) {
        await Promise.all(Array.from({ length: 1_000 }, () => save(n++)))
      }
      const full = answered.length
      fs.rmSync(ballast)
      await save('after')
      const found = await Promise.all(answered.map((id) => store.getExtId('i', id)))
      const lost = found.filter((id, at) => id !== 'x' + answered[at]).length
      const deleted = await store.deleteAllIds('i')
      const left = await store.getExtId('i', 'after')
      await store.quit()
      return { codes: [...codes], last, full, after: answered.at(-1), lost, deleted, left }
    `
    )
    if (!told) return
    assert.deepEqual(told.codes, ['STORAGE'])
    assert.match(told.last, /ids\.redb.*No space left on device.*free some space; calls succeed/)
    assert.ok(told.full > 10_000, `${told.full} saved`)
    assert.deepEqual([told.after, told.lost, told.deleted, told.left], ['after', 0, true, null])
  })

  test('one that becomes read-only, and is writable again', async (t) => {
    const own = fresh()
    const told = await mounted(
      t,
      own,
      `
      const { execFileSync } = require('node:child_process')
      const remount = (how) => execFileSync('mount', ['-o', 'remount,' + how, ${JSON.stringify(own)}])
      const bytes = () => require('node:crypto').hash('sha1', fs.readFileSync(file))
      await store.saveIds('i', 1, 'x')
      await store.quit()
      remount('ro')
      const before = bytes()
      const again = createKeyStore('file:' + file, { strict: true })
      const failed = [await fails(again.getExtId('i', 1)), await fails(again.saveIds('i', 2, 'y'))]
      const missing = createKeyStore('file:' + file + '-new', { strict: true })
      failed.push(await fails(missing.saveIds('i', 2, 'y')))
      const isSame = bytes() === before
      remount('rw')
      const healed = [await again.getExtId('i', 1), await again.saveIds('i', 2, 'y')]
      healed.push(await missing.saveIds('i', 1, 'x'))
      await again.quit()
      await missing.quit()
      return { failed, isSame, healed }
    `
    )
    if (!told) return
    for (const text of told.failed) {
      assert.match(text, /^STORAGE .*ids\.redb.*Read-only file system.*name a file where/)
    }
    assert.deepEqual([told.isSame, told.healed], [true, ['x', true, true]])
  })
})
