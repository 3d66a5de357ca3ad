/** What the package weighs: on the disk, and in the time and memory of a process that requires it. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, test } = require('node:test')
const manifest = require('../package.json')
const { ROOT, run, runScript } = require('./support/programs')

const BINARY = path.join(ROOT, 'js-redis-key-store.node')
const ROUNDS = 20

let folder
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-empty-'))
  const source = path.join(folder, 'empty.c')
  fs.writeFileSync(
    source,
    '#include <node_api.h>\nNAPI_MODULE_INIT() { (void)env; return exports; }'
  )
  const headers = path.join(ROOT, 'node_modules', 'node-api-headers', 'include')
  const made = await run('cc', [
    '-shared',
    '-fPIC',
    '-I',
    headers,
    '-o',
    path.join(folder, 'empty.node'),
    source
  ])
  assert.equal(made.code, 0, made.stderr)
})
after(() => fs.rmSync(folder, { recursive: true }))

const sizeOf = (file) =>
  fs.statSync(file).isDirectory()
    ? fs.readdirSync(file).reduce((sum, name) => sum + sizeOf(path.join(file, name)), 0)
    : fs.statSync(file).size

test('the binary is under 4 MB, an installation under 6 MB', () => {
  assert.ok(sizeOf(BINARY) < 4e6, `${sizeOf(BINARY)} bytes`)
  const own = [...manifest.files.filter((name) => !name.includes('*')), 'README.md', 'LICENSE']
  const modules = ['debug', 'ms'].map((name) => path.join('node_modules', name))
  const files = [...own, ...modules].map((name) => path.join(ROOT, name))
  const all = [BINARY, ...files].reduce((sum, file) => sum + sizeOf(file), 0)
  assert.ok(all < 6e6, `${all} bytes`)
})

test('debug is all that it needs at run time', () => {
  assert.deepEqual(Object.keys(manifest.dependencies), ['debug'])
})

/** The time of a processor, in ms, and the memory that a process took in which a client is there already. */
const costOf = async (required) => {
  const { stdout, stderr } = await runScript(`
    require('ioredis5')
    const before = process.memoryUsage.rss()
    require(${JSON.stringify(required)})
    const { user, system } = process.cpuUsage()
    const memory = process.memoryUsage.rss() - before
    console.log(JSON.stringify({ time: (user + system) / 1000, memory }))`)
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

const least = (costs) => ({
  time: Math.min(...costs.map(({ time }) => time)),
  memory: Math.min(...costs.map(({ memory }) => memory))
})

test('beside a client, it takes at most half as long again as an empty addon, and under 8 MB', async () => {
  const costs = { empty: [], ours: [] }
  // In turn, so that a busy machine slows both alike.
  for (let round = 0; round < ROUNDS; round++) {
    costs.empty.push(await costOf(path.join(folder, 'empty.node')))
    costs.ours.push(await costOf(ROOT))
  }
  const [empty, ours] = [least(costs.empty), least(costs.ours)]
  assert.ok(ours.time < 1.5 * empty.time, `${ours.time} ms, with an empty addon ${empty.time}`)
  assert.ok(ours.memory < 8e6, `${ours.memory} bytes`)
})

/** In bytes, what a process has of its own; the rest are pages of files, which all processes share. */
const ownMemory = async (required) => {
  const { stdout, stderr } = await runScript(`
    const own = () => /RssAnon:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1]
    own()
    const before = own()
    require(${JSON.stringify(required)})
    console.log((own() - before) * 1024)`)
  assert.equal(stderr, '')
  return Number(stdout)
}

test('alone, it takes under 5 MB of its own', async () => {
  const costs = []
  for (let round = 0; round < 5; round++) costs.push(await ownMemory(ROOT))
  assert.ok(Math.min(...costs) < 5e6, `${costs} bytes`)
})
