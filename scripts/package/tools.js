/** What building for other platforms needs, installed into target/tools once. */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { aptInstall } = require('../apt')

const ROOT = path.join(__dirname, '..', '..')
const TOOLS = path.join(ROOT, 'target', 'tools')
const VENV = path.join(TOOLS, 'venv')
const BIN = path.join(VENV, process.platform === 'win32' ? 'Scripts' : 'bin')

/** Programs out of PyPI, with the versions that are known to work. */
const PYTHON = { zig: ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1'], zizmor: ['zizmor==1.32.0'] }

/** Runs a program; its output goes where ours goes, or is given back as `stdout`. */
const run = (command, args, { env = {}, ...options } = {}) => {
  const ended = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
    env: { ...process.env, ...env }
  })
  if (ended.error) throw new Error(`${command}: ${ended.error.message}`)
  if (ended.status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} failed:\n${ended.stdout ?? ''}${ended.stderr ?? ''}`
    )
  }
  return ended.stdout
}

/** npm itself, which Windows knows by another name; also the one that runs us. */
const npm = (args, options) => {
  const { npm_execpath: cli = '' } = process.env
  return cli.endsWith('npm-cli.js')
    ? run(process.execPath, [cli, ...args], options)
    : run('npm', args, options)
}

const works = (command, ...args) => spawnSync(command, args).status === 0

const ensureVenv = () => {
  if (fs.existsSync(path.join(VENV, 'done'))) return
  fs.rmSync(VENV, { recursive: true, force: true })
  const python = process.platform === 'win32' ? 'python' : 'python3'
  if (!works(python, '-c', 'import ensurepip')) aptInstall('python3-venv')
  run(python, ['-m', 'venv', VENV])
  fs.writeFileSync(path.join(VENV, 'done'), '')
}

/** Installs a set of `PYTHON`; gives the folder of its programs. */
const ensurePython = (name) => {
  ensureVenv()
  const mark = path.join(VENV, PYTHON[name].join('+'))
  if (!fs.existsSync(mark)) {
    run(path.join(BIN, 'pip'), ['install', '--quiet', ...PYTHON[name]])
    fs.writeFileSync(mark, '')
  }
  return BIN
}

const ensureRustTarget = (target) => {
  const installed = run('rustup', ['target', 'list', '--installed'])
  if (!installed.split('\n').includes(target)) run('rustup', ['target', 'add', target])
}

/** Unpacks a package of npm's, for whatever platform it is; gives its folder. */
const ensurePackage = (specifier) => {
  const folder = path.join(TOOLS, specifier.replaceAll('/', '-'))
  if (fs.existsSync(path.join(folder, 'package.json'))) return folder
  fs.mkdirSync(folder, { recursive: true })
  const [{ filename }] = JSON.parse(npm(['pack', specifier, '--json'], { cwd: folder }))
  run('tar', ['xzf', filename, '--strip-components=1'], { cwd: folder })
  fs.rmSync(path.join(folder, filename))
  return folder
}

/** Installs packages of npm's into a folder of their own, without what they would run; gives their place. */
const ensureModules = (name, dependencies) => {
  const folder = path.join(TOOLS, name)
  const file = path.join(folder, 'package.json')
  const manifest = JSON.stringify({ private: true, dependencies })
  const isThere = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === manifest
  if (!isThere) {
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(file, manifest)
    try {
      npm(['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], {
        cwd: folder
      })
    } catch (error) {
      fs.rmSync(file)
      throw error
    }
  }
  return path.join(folder, 'node_modules')
}

module.exports = {
  ROOT,
  TOOLS,
  ensureModules,
  ensurePackage,
  ensurePython,
  ensureRustTarget,
  npm,
  run,
  works
}
