/**
 * Makes a fresh clone ready: npm packages, the addon, a Redis server program. Does only what is
 * not done yet, and needs nothing installed but Node and Rust.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { aptInstall } = require('./apt')
const { PROGRAMS, findProgram } = require('./redis')

const ROOT = path.join(__dirname, '..')
const RUST = { major: 1, minor: 90 }

/** What the npm scripts that begin here say at their start. */
const TEXTS = {
  package:
    'package: installs zig and cargo-zigbuild, then builds ten binaries one after the other, a minute or ' +
    'two each, and packs them into dist/.',
  'test:platforms':
    'platforms: runs the contract on the packages in dist/, by Node 18 to 26, on musl, emulated on ' +
    'arm64 and armv7, and for Windows under wine. It takes about 15 minutes, and downloads each Node.',
  'test:install':
    'install: puts the packages in dist/ through package managers, bundlers and test runners. It takes ' +
    'about 5 minutes.',
  demo:
    'demo: installs the npm packages and builds the addon, then imports contacts and replays a day of ' +
    'events. The first run takes one to five minutes, later ones some seconds.',
  test:
    'test: sets up as the demo does, then runs the Rust checks, fuzzing, lint, types, all suites and the ' +
    'instruction counts. It takes 10 to 20 minutes.'
}

const stop = (sentence) => {
  console.error(`setup: ${sentence}`)
  process.exit(1)
}

const run = (command, args) => {
  console.log(`setup: ${[command, ...args].join(' ')}`)
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  return !error && status === 0
}

const checkRust = () => {
  const { stdout, status } = spawnSync('cargo', ['--version'], { cwd: ROOT, encoding: 'utf8' })
  const [, major, minor] = /cargo (\d+)\.(\d+)/.exec(stdout ?? '') ?? []
  const isEnough = Number(major) > RUST.major || Number(minor) >= RUST.minor
  if (status !== 0 || !isEnough) {
    stop(
      `install Rust ${RUST.major}.${RUST.minor} or newer (https://rustup.rs), then run this again.`
    )
  }
}

const installPackages = () => {
  const installed = path.join(ROOT, 'node_modules', '.package-lock.json')
  const wanted = path.join(ROOT, 'package-lock.json')
  const isFresh =
    fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(wanted).mtimeMs
  if (!isFresh && !run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']))
    stop('npm ci failed, see above.')
}

const build = () => {
  if (!run('npm', ['run', '--silent', 'build'])) stop('the addon did not build, see above.')
}

const ensureRedis = () => {
  if (findProgram() || (aptInstall('redis-server') && findProgram())) return
  stop(`install ${PROGRAMS.join(' or ')} so that it is on the PATH, then run this again.`)
}

const text = TEXTS[process.env.npm_lifecycle_event]
if (text) console.log(text)
checkRust()
installPackages()
// Packaging builds binaries of its own, and what tests the packages takes those.
if (!process.argv.includes('--no-build')) build()
if (!process.argv.includes('--no-redis')) ensureRedis()
