/** Package managers and runtimes: what is installed by them works. */

const fs = require('node:fs')
const path = require('node:path')
const { TOOLS } = require('../package/tools')
const { NAME, use } = require('./project')

const MODULES = path.join(TOOLS, 'managers', 'node_modules')
const program = (...names) => path.join(MODULES, ...names)

/** All bring their programs along. */
const modules = {
  pnpm: '10',
  yarn1: 'npm:yarn@1',
  '@yarnpkg/cli-dist': '4',
  '@oven/bun-linux-x64': '1',
  '@deno/linux-x64-glibc': '2'
}

const pnpm = (linker) => (project) => {
  project.write('.npmrc', `registry=${project.env.REGISTRY}\nnode-linker=${linker}\n`)
  project.run(process.execPath, program('pnpm', 'bin', 'pnpm.cjs'), 'add', NAME)
  project.expectNative()
}

const berry = (linker) => (project) => {
  const settings = [
    `npmRegistryServer: "${project.env.REGISTRY}"`,
    'unsafeHttpWhitelist: [localhost]',
    `nodeLinker: ${linker}`,
    'npmMinimalAgeGate: 0',
    'enableTelemetry: false',
    'enableGlobalCache: false',
    // It remembers there where packages are, beyond the life of this registry.
    `globalFolder: ${JSON.stringify(project.path('.global'))}`
  ]
  project.write('.yarnrc.yml', `${settings.join('\n')}\n`)
  project.write('yarn.lock', '')
  const yarn = program('@yarnpkg', 'cli-dist', 'bin', 'yarn.js')
  project.run(process.execPath, yarn, 'add', NAME)
  project.expectNative(process.execPath, yarn, 'node', 'program.js')
}

const absentMessage = (project) => {
  const { status, stderr } = project.attempt(process.execPath, 'program.js')
  const command = /To install it: npm (install .+)/.exec(stderr)?.[1]
  if (status === 0 || !command) throw new Error(`says ${stderr}`)
  return command.split(' ')
}

const cases = {
  npm: (project) => {
    project.npm('install', NAME)
    project.expectNative()
  },
  'npm, in a path with spaces and an umlaut': (project) => {
    const inner = 'a b ü'
    for (const name of ['package.json', '.npmrc', 'program.js']) {
      project.write(path.join(inner, name), fs.readFileSync(project.path(name), 'utf8'))
    }
    project.folder = project.path(inner)
    project.npm('install', NAME)
    project.expectNative()
  },
  "npm, under the original's name": (project) => {
    const original = `@botmatic/${NAME}`
    project.npm('install', `${original}@npm:${NAME}`)
    project.write('program.js', use(original))
    project.expectNative()
  },
  "npm, a dependent's dependent": (project) => {
    project.write(
      'inner/package.json',
      JSON.stringify({ name: 'inner', version: '1.0.0', dependencies: { [NAME]: '*' } })
    )
    project.write('inner/index.js', `module.exports = require('${NAME}')`)
    project.npm('install', './inner', '--install-links')
    project.write('program.js', use('inner'))
    project.expectNative()
  },
  'npm, node_modules read-only': (project) => {
    project.npm('install', NAME)
    project.run('chmod', '-R', 'a-w', 'node_modules')
    project.expectNative()
    project.run('chmod', '-R', 'u+w', 'node_modules')
  },
  'npm --omit=optional, then the command that the message gives': (project) => {
    project.npm('install', NAME, '--omit=optional')
    project.npm(...absentMessage(project))
    project.expectNative()
  },
  'npm ci with a lockfile of another platform': (project) => {
    project.npm('install', NAME, '--os=darwin', '--cpu=arm64')
    fs.rmSync(project.path('node_modules'), { recursive: true })
    project.npm('ci')
    project.expectNative()
  },
  'npm, node_modules of another platform, then the command that the message gives': (project) => {
    project.npm('install', NAME, '--os=darwin', '--cpu=arm64')
    project.npm(...absentMessage(project))
    project.expectNative()
  },
  pnpm: pnpm('isolated'),
  'pnpm, hoisted': pnpm('hoisted'),
  'yarn 1': (project) => {
    project.write('.yarnrc', `registry "${project.env.REGISTRY}"\n`)
    project.run(process.execPath, program('yarn1', 'bin', 'yarn.js'), 'add', NAME)
    project.expectNative()
  },
  'yarn 4, PnP': berry('pnp'),
  'yarn 4, node_modules': berry('node-modules'),
  Bun: (project) => {
    const bun = program('@oven', 'bun-linux-x64', 'bin', 'bun')
    project.run(bun, 'add', NAME)
    project.expectNative(bun, 'program.js')
  },
  Deno: (project) => {
    const deno = program('@deno', 'linux-x64-glibc', 'deno')
    project.npm('install', NAME)
    project.write('program.cjs', use())
    project.expectNative(deno, 'run', '--allow-all', 'program.cjs')
  }
}

module.exports = { cases, modules, folder: 'managers' }
