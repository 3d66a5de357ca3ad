/** Files are not taken for one another, and none is left behind. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { beforeEach, describe, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { useServer } = require('../../__test__/support/redis')
const { collect, ndjson, run, start, useFolder } = require('./support')

const server = useServer()
const folder = useFolder()
const env = () => ({ KEY_STORE_URL: server.url })
const ours = (...args) => run(args, { env: env() })

const text = (integrationId, count) =>
  Array.from({ length: count }, (_, n) => ndjson(integrationId, `${n}`, `e${n}`)).join('')

beforeEach(() => server.command('flushall'))

describe('what would be written over what is read is refused', () => {
  const refused = async (kept, ...args) => {
    const before = fs.readFileSync(kept)
    const { code, stderr } = await ours(...args)
    assert.deepEqual([code, /are one file/.test(stderr)], [2, true], stderr)
    assert.deepEqual(fs.readFileSync(kept), before)
  }

  test('rejects or a resume file, and the file to import', async () => {
    const file = folder.write('source', `${text('i', 3)}garbage\n`)
    const link = folder.file('link')
    fs.linkSync(file, link)
    for (const option of ['--rejects', '--resume']) {
      await refused(file, 'import', file, '--no-check', option, file)
      await refused(file, 'import', file, '--no-check', option, link)
    }
  })

  test('rejects and the resume file', async () => {
    const file = folder.write('pairs', text('i', 3))
    const one = folder.file('one')
    const { code } = await ours('import', file, '--no-check', '--rejects', one, '--resume', one)
    assert.equal(code, 2)
  })

  test('rejects or an export, and the file of the store', async () => {
    const file = folder.write('pairs', text('i', 3))
    const store = folder.file('store.redb')
    const url = ['--url', `file:${store}`]
    assert.equal((await ours('import', file, '--no-check', ...url)).code, 0)
    await refused(store, 'import', file, '--no-check', ...url, '--rejects', store)
    await refused(store, 'export', store, ...url)
    await refused(store, 'copy', url[1], server.url, '--rejects', store)
    await refused(store, 'copy', server.url, url[1], '--rejects', store)
  })
})

test('--dry-run makes no file of a store', async () => {
  const file = folder.write('pairs', text('i', 3))
  const store = folder.file('not-there.redb')
  const args = ['import', file, '--no-check', '--dry-run', '--json', '--url', `file:${store}`]
  const { code, stdout } = await ours(...args)
  assert.deepEqual([code, JSON.parse(stdout).saved], [0, 3])
  assert.ok(!fs.existsSync(store))
})

test('temporary files go when the command ends, however it ends', async () => {
  const temporary = fs.mkdtempSync(folder.file('temporary-'))
  const file = folder.write('pairs', text('i', 30_000))
  const given = { env: { ...env(), TMPDIR: temporary } }
  const twice = ['--from-key-prefix', '', '--to-key-prefix', 'p:']
  const ways = {
    'a dry run': ['import', file, '--no-check', '--dry-run'],
    'a real run': ['import', file, '--no-check'],
    'an export': ['export', '-'],
    'a copy': ['copy', server.url, server.url, ...twice],
    'a copy that fails': ['copy', server.url, 'redis://127.0.0.1:1', ...twice, '--timeout', '0.5']
  }
  for (const [name, args] of Object.entries(ways)) {
    const { code, stderr } = await run(args, given)
    assert.equal(code, name.endsWith('fails') ? 3 : 0, stderr)
    assert.deepEqual(fs.readdirSync(temporary), [], name)
  }
  for (const args of [ways['a dry run'], ways['a copy'], ways['an export']]) {
    const child = start(args, given)
    const ended = collect(child)
    while (child.exitCode === null && fs.readdirSync(temporary).length === 0) {
      await new Promise(setImmediate)
    }
    child.kill('SIGTERM')
    assert.equal((await ended).code, 3)
    assert.deepEqual(fs.readdirSync(temporary), [])
  }
})

test('--dry-run leaves a file of rejects as it is', async () => {
  const rejects = folder.write('rejects', 'mine')
  const file = folder.write('pairs', `${text('i', 3)}garbage\n`)
  await ours('import', file, '--no-check', '--dry-run', '--rejects', rejects)
  assert.equal(fs.readFileSync(rejects, 'utf8'), 'mine')
})

test('an export that nobody reads to its end leaves no temporary files', async () => {
  const file = folder.write('pairs', text('i', 60_000))
  assert.equal((await ours('import', file, '--no-check')).code, 0)
  const temporary = folder.file('temporary')
  fs.mkdirSync(temporary)
  const child = start(['export', '-', '--integration', 'i'], {
    env: { ...env(), TMPDIR: temporary }
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdout.once('data', () => child.stdout.destroy())
  await ended
  assert.deepEqual(fs.readdirSync(temporary), [])
})

// Linux has it.
if (fs.existsSync('/dev/full')) {
  test('output that has no room ends with 3, and says so', async () => {
    const child = start(['count'], {
      env: env(),
      stdio: ['ignore', fs.openSync('/dev/full', 'w'), 'pipe']
    })
    let stderr = ''
    child.stderr.on('data', (chunk) => (stderr += chunk))
    const code = await new Promise((resolve) => child.once('close', resolve))
    assert.equal(code, 3)
    assert.doesNotMatch(stderr, /\n +at /)
    assert.match(stderr, /output/)
  })
}

describe('a job that is resumed with other options is refused', () => {
  const interrupted = async (...args) => {
    const resume = folder.file('resume')
    const child = start([...args, '--rate', '20000', '--resume', resume], { env: env() })
    const ended = new Promise((resolve) => child.once('close', resolve))
    while (!fs.existsSync(resume)) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGKILL')
    await ended
    return resume
  }

  test('an import', async () => {
    const file = folder.write('pairs', text('i', 60_000) + text('j', 60_000))
    const args = ['import', file, '--no-check']
    const resume = await interrupted(...args, '--integration', 'i')
    const other = folder.write('notes', 'mine')
    for (const options of [
      ['--integration', 'j'],
      ['--integration', 'i', '--key-prefix', 'p:'],
      ['--integration', 'i', '--rejects', other],
      ['--integration', 'i', '--on-conflict', 'skip'],
      []
    ]) {
      const { code, stderr } = await ours(...args, ...options, '--resume', resume)
      assert.equal(code, 2, options.join(' '))
      assert.match(stderr, /with other options/)
    }
    assert.equal(fs.readFileSync(other, 'utf8'), 'mine')
    assert.equal((await ours(...args, '--integration', 'i', '--resume', resume)).code, 0)
    assert.equal(await server.command('dbsize'), 120_000)
  })

  test('a copy, whose pairs are not those of another copy', async () => {
    const file = folder.write('pairs', text('i', 60_000) + text('j', 60_000))
    assert.equal((await ours('import', file, '--no-check')).code, 0)
    const to = `${server.url}/1`
    const args = ['copy', server.url, to]
    const mine = folder.write('resume.pairs', ndjson('foreign', '1', 'x'))
    const resume = await interrupted(...args, '--integration', 'i')
    const changed = await ours(...args, '--integration', 'j', '--resume', resume)
    assert.equal(changed.code, 2)
    fs.rmSync(resume)
    assert.equal((await ours(...args, '--integration', 'j', '--resume', resume)).code, 0)
    const found = await run(['integrations', '--json', '--show-ids', '--url', to])
    assert.doesNotMatch(found.stdout, /foreign/)
    assert.match(found.stdout, /"j","pairs":60000/)
    assert.ok(fs.existsSync(mine))
  })
})

test('a file that is not there is made by what writes pairs, and by nothing else', async () => {
  const missing = folder.file('missing.redb')
  const url = ['--url', `file:${missing}`]
  for (const args of [
    ['count', ...url],
    ['list', ...url],
    ['integrations', ...url],
    ['export', folder.file('out'), ...url],
    ['verify', ...url],
    ['compact', ...url],
    ['backup', folder.file('copy'), ...url],
    ['get', '--integration', 'i', '--ext-id', 'x', ...url],
    ['delete', '--integration', 'i', '--all', '--yes', ...url],
    ['copy', `file:${missing}`, 'memory:'],
    ['verify', 'memory:', `file:${missing}`]
  ]) {
    const { code, stderr } = await ours(...args)
    assert.deepEqual([code, /no such file/.test(stderr)], [2, true], `${args[0]}: ${stderr}`)
    assert.ok(!fs.existsSync(missing), args[0])
  }
  assert.equal((await ours('set', '--integration', 'i', '1', 'x', ...url)).code, 0)
  assert.equal((await ours('count', ...url)).stdout, '1\n')
})

test('a file is found in whatever form its address names it', async () => {
  const named = folder.file('a name.redb')
  const { href } = pathToFileURL(named)
  assert.equal((await ours('set', '--integration', 'i', '1', 'x', '--url', href)).code, 0)
  for (const url of [href, `file:${named}`, href.replace('///', '//localhost/')]) {
    assert.equal((await ours('count', '--url', url)).stdout, '1\n', url)
    assert.equal((await ours('export', named, '--url', url)).code, 2, url)
  }
})

test('of exports that were put together, only pairs are imported', async () => {
  const file = folder.write('pairs', text('i', 3))
  assert.equal((await ours('import', file, '--no-check')).code, 0)
  for (const format of ['csv', 'ndjson']) {
    const exported = folder.file(`exported.${format}`)
    assert.equal((await ours('export', exported)).code, 0)
    const whole = fs.readFileSync(exported, 'utf8')
    const twice = folder.write(`twice.${format}`, `${whole}${whole}\n`)
    const { code, stdout } = await ours('import', twice, '--no-check', '--json')
    const { saved, rejected } = JSON.parse(stdout)
    // Of CSV the header too; both last lines, since an empty line follows the second.
    assert.deepEqual([code, saved, rejected], [1, 6, format === 'csv' ? 3 : 2])
    assert.equal(await server.command('dbsize'), 6)
  }
})

test('half of a character is no part of an id', async () => {
  const line = (n) => `{"integrationId":"i","botmaticId":"p\\ud80${n}","extId":"x${n}"}\n`
  const file = folder.write('halves', `${line(0)}${line(1)}${ndjson('i', '😀', 'x')}`)
  const { code, stdout, stderr } = await ours('import', file, '--no-check', '--json')
  const { saved, rejected } = JSON.parse(stdout)
  assert.deepEqual([code, saved, rejected], [1, 1, 2])
  assert.match(stderr, /line 1: botmaticId has half of a character/)
})
