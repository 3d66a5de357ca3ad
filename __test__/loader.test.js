/** The loader: which binary it takes, and what it says when there is none that fits. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { libc, target } = require('../lib/native/platform')
const { VERSION } = require('../lib/native/version')
const { ROOT, run } = require('./support/programs')

const PACKAGE = `js-redis-key-store-${target}`
const BINARY = path.join(ROOT, 'js-redis-key-store.node')

const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8')

let directory
before(() => {
  directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-loader ü-')))
})
after(() => fs.rmSync(directory, { recursive: true }))

let projects = 0

/** A project in which the package is installed without a binary, and `files` beside it. */
const project = (files = {}) => {
  const root = path.join(directory, String(projects++))
  const modules = path.join(root, 'node_modules')
  const own = path.join(modules, 'js-redis-key-store')
  fs.mkdirSync(own, { recursive: true })
  fs.copyFileSync(path.join(ROOT, 'index.js'), path.join(own, 'index.js'))
  fs.cpSync(path.join(ROOT, 'lib'), path.join(own, 'lib'), { recursive: true })
  for (const name of ['debug', 'ms']) {
    fs.symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name))
  }
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
  return root
}

const packaged = (text) => ({ [`node_modules/${PACKAGE}/index.js`]: text })

const OPENS = (file) => `process.dlopen(module, ${JSON.stringify(file)})`

/** What the factory comes to for an address, in a process of its own: `native`, or what it says. */
const outcome = async (root, { flags = [], env = {}, first = '', shown = target } = {}) => {
  const script = `
    ${first}
    const createKeyStore = require('js-redis-key-store')
    try {
      createKeyStore('redis://h')
      console.log('native')
    } catch (error) {
      console.log(error.message)
    }`
  const { code, stdout, stderr } = await run(process.execPath, [...flags, '-e', script], {
    cwd: root,
    env: { NODE_NO_WARNINGS: '1', ...env }
  })
  assert.equal(code, 0, stderr)
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.length <= 6, stdout)
  if (lines.length > 1) assert.match(lines[0], new RegExp(`no native binary .*${shown}, Node v`))
  return lines.slice(lines.length > 1 ? 1 : 0).join('\n')
}

const INSTALL = new RegExp(
  `npm install --save-optional --os=${process.platform} --cpu=${process.arch} ` +
    `${libc ? `--libc=${libc === 'gnu' ? 'glibc' : libc} ` : ''}${PACKAGE}@${VERSION}`
)

describe('a binary is taken', () => {
  test('out of the package for the platform', async () => {
    assert.equal(await outcome(project(packaged(OPENS(BINARY)))), 'native')
  })

  test('out of the package itself, where it was built', async () => {
    const root = project()
    fs.symlinkSync(
      BINARY,
      path.join(root, 'node_modules/js-redis-key-store/js-redis-key-store.node')
    )
    assert.equal(await outcome(root), 'native')
  })

  test('where the environment says, before all others', async () => {
    const root = project(packaged('throw new Error("not this one")'))
    assert.equal(await outcome(root, { env: { JS_REDIS_KEY_STORE_BINARY: BINARY } }), 'native')
    const env = { JS_REDIS_KEY_STORE_BINARY: path.relative(root, BINARY) }
    assert.equal(await outcome(root, { env }), 'native')
  })

  test("where the variable of napi's loaders says, which may mean another package", async () => {
    const root = project(packaged(OPENS(BINARY)))
    const text = path.join(ROOT, 'LICENSE')
    assert.equal(await outcome(root, { env: { NAPI_RS_NATIVE_LIBRARY_PATH: text } }), 'native')
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: BINARY }
    assert.equal(await outcome(project(), { env }), 'native')
  })

  test('in two copies of the package and a worker thread', async () => {
    const root = project(packaged(OPENS(BINARY)))
    const script = `
      const { Worker, isMainThread } = require('node:worker_threads')
      const copies = [require('js-redis-key-store'), require(${JSON.stringify(ROOT)})]
      for (const createKeyStore of copies) createKeyStore('redis://h')
      if (isMainThread) new Worker(__filename).on('exit', (code) => console.log(code))`
    fs.writeFileSync(path.join(root, 'copies.js'), script)
    const { stdout, stderr } = await run(process.execPath, ['copies.js'], { cwd: root })
    assert.deepEqual([stdout, stderr], ['0\n', ''])
  })
})

describe('no binary', () => {
  test('not installed', async () => {
    const said = await outcome(project())
    assert.match(
      said,
      new RegExp(`^${PACKAGE} is not installed; .*node_modules/js-redis-key-store`)
    )
    assert.match(said, INSTALL)
    assert.match(said, /npm run build/)
  })

  test('of another version', async () => {
    const said = await outcome(project(packaged('exports.VERSION = "1.9.0"')))
    assert.match(
      said,
      new RegExp(`^${PACKAGE} is of version 1\\.9\\.0, this package of ${VERSION}`)
    )
    assert.match(said, INSTALL)
  })

  for (const [name, text] of [
    ['an addon that is another one', 'module.exports = {}'],
    ['nothing at all', 'module.exports = null']
  ]) {
    test(name, async () => {
      const said = await outcome(project(packaged(text)))
      assert.match(said, new RegExp(`^${PACKAGE} is of version unknown`))
    })
  }

  test('a file that is no binary', async () => {
    const root = project({ 'x.node': 'text' })
    const index = path.join(root, 'node_modules', PACKAGE, 'index.js')
    fs.mkdirSync(path.dirname(index))
    fs.writeFileSync(index, OPENS(path.join(root, 'x.node')))
    const said = await outcome(root)
    assert.match(said, new RegExp(`^${PACKAGE} does not load: .*x\\.node`))
    assert.match(said, INSTALL)
  })

  test('each cause, where several were found', async () => {
    const root = project(packaged('exports.VERSION = "1.9.0"'))
    const built = path.join(root, 'node_modules/js-redis-key-store/js-redis-key-store.node')
    fs.writeFileSync(built, 'text')
    const said = await outcome(root)
    assert.match(said, /js-redis-key-store\.node does not load: /)
    assert.match(said, /is of version 1\.9\.0/)
  })

  test('glibc too old', { skip: libc !== 'gnu' && 'no glibc here' }, async () => {
    const root = project({
      'newer.map': 'GLIBC_2.99 { global: newer; };',
      'newer.c': 'int newer(void) { return 0; }',
      'addon.c': 'int newer(void); int call(void) { return newer(); }'
    })
    const cc = (...args) => run('cc', ['-shared', '-fPIC', ...args], { cwd: root })
    // A C library of its name that has more: what is linked with it asks the real one for that.
    const versions = ['-Wl,--version-script=newer.map', '-Wl,-soname,libc.so.6']
    await cc('-nostdlib', '-o', 'libnewer.so', 'newer.c', ...versions)
    const made = await cc('-nostdlib', '-o', 'addon.node', 'addon.c', '-L.', '-lnewer')
    assert.equal(made.code, 0, made.stderr)
    const index = path.join(root, 'node_modules', PACKAGE, 'index.js')
    fs.mkdirSync(path.dirname(index))
    fs.writeFileSync(index, OPENS(path.join(root, 'addon.node')))
    const said = await outcome(root)
    assert.match(said, new RegExp(`^${PACKAGE} needs glibc 2\\.99 or newer, this process has 2\\.`))
    assert.doesNotMatch(said, /npm install/)
    assert.match(said, /npm run build/)
  })

  test('--no-addons', async () => {
    const said = await outcome(project(packaged(OPENS(BINARY))), { flags: ['--no-addons'] })
    assert.equal(
      said,
      `${PACKAGE} is not loaded: Node was started with --no-addons; start it without.`
    )
  })

  const permission = ['--permission', '--experimental-permission'].find((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag)
  )
  test('the permission model', { skip: !permission && 'this Node has none' }, async () => {
    const flags = [permission, '--allow-fs-read=*']
    const said = await outcome(project(packaged(OPENS(BINARY))), { flags })
    assert.match(said, /^.* is not loaded: Node's permission model .*--allow-addons/)
    const root = project(packaged(OPENS(BINARY)))
    assert.equal(await outcome(root, { flags: [...flags, '--allow-addons'] }), 'native')
  })

  test('a platform that none is made for', async () => {
    const first = `Object.defineProperty(process, 'platform', { value: 'sunos' })`
    const said = await outcome(project(), { first, shown: `sunos-${process.arch}` })
    assert.match(said, new RegExp(`^No binary is published for sunos-${process.arch}\\.`))
    assert.match(said, /npm run build/)
    assert.doesNotMatch(said, /npm install/)
  })

  test('a file that the environment names and is not there', async () => {
    const env = { JS_REDIS_KEY_STORE_BINARY: '/none/x.node' }
    const said = await outcome(project(packaged(OPENS(BINARY))), { env })
    assert.match(said, /^\/none\/x\.node \(JS_REDIS_KEY_STORE_BINARY\) does not load: /)
    assert.match(said, /\nCorrect or unset JS_REDIS_KEY_STORE_BINARY\.$/)
  })
})

test('the version is the same wherever it stands', () => {
  assert.equal(JSON.parse(read('package.json')).version, VERSION)
  assert.equal(/^version = "(.+)"$/m.exec(read('Cargo.toml'))[1], VERSION)
})

describe('building without Rust', () => {
  const build = (...args) =>
    run(process.execPath, [path.join(ROOT, 'scripts', 'build.js'), ...args], {
      env: { PATH: directory }
    })

  test('npm run build fails and says what to install', async () => {
    const { code, stderr } = await build()
    assert.equal(code, 1)
    assert.match(stderr, /install Rust 1\.90 or newer/)
  })

  test('an installation from a repository goes on, and says what serves', async () => {
    const { code, stderr } = await build('--optional')
    assert.equal(code, 0)
    assert.match(stderr, /install Rust 1\.90 or newer.*\n.*commands of their clients/)
  })
})
