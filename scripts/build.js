/**
 * `npm run build`: makes the addon for this machine, js-redis-key-store.node. Needs Rust and nothing
 * of npm's, so that it runs in an installed package too. `--debug` makes one that a debugger reads;
 * with `--optional`, as after an installation from a repository, it is no failure when there is none.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const BINARY = path.join(ROOT, 'js-redis-key-store.node')

const stop = (sentence) => {
  console.error(`build: ${sentence}`)
  if (!process.argv.includes('--optional')) process.exit(1)
  console.error('build: without a binary, stores work through the commands of their clients.')
  process.exit(0)
}

/** The library that cargo says it made. */
const build = () => {
  const profile = process.argv.includes('--debug') ? [] : ['--release']
  const args = ['build', '--lib', '--locked', ...profile]
  const { error, status, stdout } = spawnSync(
    'cargo',
    [...args, '--message-format=json-render-diagnostics'],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] }
  )
  if (error) stop('install Rust 1.90 or newer (https://rustup.rs), then run this again.')
  if (status !== 0) stop('cargo failed, see above.')
  const made = stdout
    .split('\n')
    .filter((line) => line.includes('"compiler-artifact"'))
    .map((line) => JSON.parse(line))
    .find(({ target }) => target.kind.includes('cdylib'))
  return made.filenames.find((name) => /\.(so|dylib|dll)$/.test(name))
}

// Put in its place in one step: processes may have the one before in use.
const fresh = `${BINARY}.${process.pid}`
fs.copyFileSync(build(), fresh)
fs.renameSync(fresh, BINARY)
