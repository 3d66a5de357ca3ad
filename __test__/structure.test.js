const { test } = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

const files = (folder, extension) =>
  fs
    .readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith(extension))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))

const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8')

const RUST = files('src', '.rs')
const JAVASCRIPT = ['index.js', ...files('lib', '.js')]

/** Each layer may use those behind it. */
const RUST_LAYERS = ['node', 'engine', 'backend', 'settings', 'error', 'call', 'key']
const JAVASCRIPT_LAYERS = [
  'index',
  'bulk',
  'open',
  'native',
  'delegate',
  'clients',
  'settings',
  'shared'
]

/** Whether an arrow goes from one of the layers to one before it. */
const isUpwards = (layers, from, to) => {
  const [source, target] = [layers.indexOf(from), layers.indexOf(to)]
  assert.ok(source >= 0 && target >= 0, `${from} -> ${to}: a layer that is not listed`)
  return target < source
}

/** The file's room, or its own name where it has none. */
const layerOf = (file) => path.parse(file.split('/')[1] ?? file).name

const requiresOf = (file) =>
  [...read(file).matchAll(/require\('(\.[^']+)'\)/g)]
    .map(([, to]) => path.posix.join(path.posix.dirname(file), to))
    .map((to) => (to.endsWith('.js') ? to : `${to}.js`))
    .filter((to) => JAVASCRIPT.includes(to))

test('Rust: the layers use each other one way', () => {
  const upwards = RUST.filter((file) => file !== 'src/lib.rs').flatMap((file) =>
    [...read(file).matchAll(/^(?!\s*\/\/).*\bcrate::(\w+)/gm)]
      .map(([, to]) => to)
      .filter((to) => isUpwards(RUST_LAYERS, layerOf(file), to))
      .map((to) => `${file} -> ${to}`)
  )
  assert.deepStrictEqual(upwards, [])
})

test('JavaScript: the rooms use each other one way, and no files in a circle', () => {
  const upwards = []
  const done = new Set()
  const visit = (file, trail) => {
    assert.ok(!trail.includes(file), `a circle: ${[...trail, file].join(' -> ')}`)
    if (done.has(file)) return
    for (const to of requiresOf(file)) {
      if (isUpwards(JAVASCRIPT_LAYERS, layerOf(file), layerOf(to))) upwards.push(`${file} -> ${to}`)
      visit(to, [...trail, file])
    }
    done.add(file)
  }
  for (const file of JAVASCRIPT) visit(file, [])
  assert.deepStrictEqual(upwards, [])
})

test('the engine knows no word of Redis', () => {
  const word = /mset|scan|slot|master|redis/i
  const knowing = RUST.filter((file) => file.startsWith('src/engine/') && word.test(read(file)))
  assert.deepStrictEqual(knowing, [])
})

test('unsafe code is in src/node alone', () => {
  const unsafe = RUST.filter((file) => /\bunsafe \{|\bunsafe (impl|fn)\b/.test(read(file)))
  assert.notDeepStrictEqual(unsafe, [])
  assert.deepStrictEqual(
    unsafe,
    unsafe.filter((file) => file.startsWith('src/node/'))
  )
})

test('no file is longer than 320 lines', () => {
  const long = [...RUST, ...JAVASCRIPT].filter((file) => read(file).split('\n').length > 321)
  assert.deepStrictEqual(long, [])
})
