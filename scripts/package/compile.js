/** Makes the binary of a platform. */

const fs = require('node:fs')
const path = require('node:path')
const { symbols } = require('node-api-headers')
const { ROOT, TOOLS, ensurePython, ensureRustTarget, run } = require('./tools')

/** On Linux, zig links for all platforms; elsewhere the system's own tools do, for its own. */
const isCross = process.platform === 'linux'

const canCompile = ({ os }) => isCross || os === process.platform

/** A library that says what node.exe gives to addons. */
const importLibrary = (cpu, env) => {
  const folder = path.join(TOOLS, `libnode-${cpu}`)
  fs.mkdirSync(folder, { recursive: true })
  const versions = Object.values(symbols)
  const names = versions.flatMap((each) => [
    ...each.js_native_api_symbols,
    ...each.node_api_symbols
  ])
  const exported = ['LIBRARY node.exe', 'EXPORTS', ...new Set(names)]
  const definition = path.join(folder, 'node.def')
  fs.writeFileSync(definition, `${exported.join('\n')}\n`)
  const machine = cpu === 'x64' ? 'i386:x86-64' : 'arm64'
  const library = path.join(folder, 'libnode.dll.a')
  run('python', ['-m', 'ziglang', 'dlltool', '-m', machine, '-d', definition, '-l', library], {
    env
  })
  // The one that napi's build asks for, the one that zig looks for.
  for (const name of ['libnode.dll', 'libnode.a']) fs.copyFileSync(library, path.join(folder, name))
  return folder
}

const environment = ({ os, cpu, libc, floor }, target) => {
  const env = {}
  if (isCross) env.PATH = [ensurePython('zig'), process.env.PATH].join(path.delimiter)
  if (os === 'darwin') env.MACOSX_DEPLOYMENT_TARGET = floor
  if (libc === 'musl') {
    const name = target.toUpperCase().replaceAll('-', '_')
    // An addon lives in a process that has its C library already.
    env[`CARGO_TARGET_${name}_RUSTFLAGS`] = '-C target-feature=-crt-static'
  }
  if (os === 'win32' && isCross) env.LIBNODE_PATH = importLibrary(cpu, env)
  return env
}

/** The file that was built, as cargo tells. */
const compile = (platform) => {
  const { libc, floor, rust, cross = rust } = platform
  const target = isCross ? cross : rust
  ensureRustTarget(target)
  const suffix = isCross && libc === 'glibc' ? `.${floor}` : ''
  const build = isCross ? ['zigbuild'] : ['build']
  const args = ['--lib', '--release', '--locked', '--target', `${target}${suffix}`]
  run('cargo', [...build, ...args], { env: environment(platform, target), stdio: 'inherit' })
  const folder = path.join(ROOT, 'target', target, 'release')
  const names = [
    'libjs_redis_key_store.so',
    'libjs_redis_key_store.dylib',
    'js_redis_key_store.dll'
  ]
  return names.map((name) => path.join(folder, name)).find((file) => fs.existsSync(file))
}

module.exports = { canCompile, compile }
