/**
 * `npm run sanitize`: the binary under AddressSanitizer, in suites that go over the border between
 * Node and Rust at random, in threads, and while the process ends; then under LeakSanitizer in a soak.
 * Needs a nightly Rust, Linux x64 and GCC, whose runtime takes the place of Rust's: that has none
 * which a program like Node can load.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, run } = require('./package/tools')

const TARGET = 'x86_64-unknown-linux-gnu'
const FOLDER = path.join(ROOT, 'target', 'sanitize')
const BINARY = path.join(FOLDER, 'js-redis-key-store.node')
const SUITES = ['parity', 'order', 'chaos', 'workers', 'exit', 'differential', 'fuzz']

/** What Node's own module registry keeps of a class until the process ends: once a process. */
const SUPPRESSED = 'leak:register_classes\n'

const build = () => {
  const args = ['+nightly', 'build', '--lib', '--locked', '--target', TARGET]
  run('cargo', [...args, '--target-dir', FOLDER], {
    env: { RUSTFLAGS: '-Zsanitizer=address' },
    stdio: 'inherit'
  })
  fs.copyFileSync(path.join(FOLDER, TARGET, 'debug', 'libjs_redis_key_store.so'), BINARY)
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-sanitize-'))
const suppressions = path.join(folder, 'suppressions')

/** Whether a program ends well and no process of it has reported anything. */
const isClean = (name, args, leaks) => {
  const reports = path.join(folder, name)
  const env = {
    ...process.env,
    JS_REDIS_KEY_STORE_BINARY: BINARY,
    LD_PRELOAD: run('cc', ['-print-file-name=libasan.so']).trim(),
    ASAN_OPTIONS: `detect_leaks=${leaks}:log_path=${reports}`,
    LSAN_OPTIONS: `suppressions=${suppressions}:print_suppressions=0`
  }
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' })
  const written = fs.readdirSync(folder).filter((file) => file.startsWith(`${name}.`))
  for (const file of written) console.error(fs.readFileSync(path.join(folder, file), 'utf8'))
  return status === 0 && written.length === 0
}

build()
fs.writeFileSync(suppressions, SUPPRESSED)
const rows = SUITES.map((name) => {
  const file = path.join('__test__', `${name}.test.js`)
  return { what: name, clean: isClean(name, ['--test', '--test-timeout=300000', file], 0) }
})
rows.push({
  what: 'leaks',
  clean: isClean('leaks', [path.join('__test__', 'long', 'leaks.js')], 1)
})
fs.rmSync(folder, { recursive: true })
console.table(rows)
process.exitCode = rows.every(({ clean }) => clean) ? 0 : 1
