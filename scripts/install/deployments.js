/** Programs as they are sent to where they run: one file, an archive, few permissions. */

const fs = require('node:fs')
const path = require('node:path')
const { version } = require('../../package.json')
const { RUNTIMES } = require('../package/runtimes')
const { TOOLS } = require('../package/tools')
const { NAME, use } = require('./project')

const MODULES = path.join(TOOLS, 'deployments', 'node_modules')
const script = (...names) => path.join(MODULES, ...names)

const modules = { 'adm-zip': '0.6', esbuild: '0.28', postject: '1.0.0-alpha.6' }

/** Bundled into one file, with the binary as an asset of it. */
const singleExecutable = (project) => {
  const [binary] = fs
    .readdirSync(project.path('node_modules'))
    .filter((name) => name.startsWith(`${NAME}-`))
  project.write(
    'main.js',
    `const fs = require('node:fs')
    fs.writeFileSync('unpacked.node', Buffer.from(require('node:sea').getRawAsset('binary')))
    process.env.JS_REDIS_KEY_STORE_BINARY = 'unpacked.node'
    ${use()}`
  )
  const options = ['--bundle', '--platform=node', '--outfile=bundle.js', '--log-level=error']
  project.run(script('@esbuild', 'linux-x64', 'bin', 'esbuild'), 'main.js', ...options)
  const settings = {
    main: 'bundle.js',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    assets: { binary: path.join('node_modules', binary, `${NAME}.node`) }
  }
  project.write('sea.json', JSON.stringify(settings))
  project.run(process.execPath, '--experimental-sea-config', 'sea.json')
  fs.copyFileSync(process.execPath, project.path('app'))
  const fuse = ['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2']
  const postject = script('postject', 'dist', 'cli.js')
  project.run(process.execPath, postject, 'app', 'NODE_SEA_BLOB', 'blob', ...fuse)
  fs.rmSync(project.path('node_modules'), { recursive: true })
  project.expectNative(project.path('app'), '--')
}

/** One archive for both: it is unpacked read-only, far from where it was made, and run by either. */
const archive = (project) => {
  const both = ['x64', 'arm64'].map((cpu) => `${NAME}-linux-${cpu}-gnu@${version}`)
  project.npm('install', '--force', ...both)
  project.npm('ci', '--force')
  const AdmZip = require(script('adm-zip'))
  const zip = new AdmZip()
  zip.addLocalFolder(project.path('node_modules'), 'node_modules')
  zip.addLocalFile(project.path('program.js'))
  zip.writeZip(project.path('function.zip'))
  fs.rmSync(project.path('node_modules'), { recursive: true })
  new AdmZip(project.path('function.zip')).extractAllTo(project.path('task'))
  project.run('chmod', '-R', 'a-w', 'task')
  const { command } = RUNTIMES.find(({ platform }) => platform === 'linux-arm64-gnu')
  for (const [node, ...words] of [[process.execPath], command()]) {
    project.expectNative(node, ...words, path.join('task', 'program.js'))
  }
  project.run('chmod', '-R', 'u+w', 'task')
}

/** Node before 23.5 calls it an experiment, and from 25 on it is about the network too. */
const PERMISSION = [
  ['--permission', '--experimental-permission'].find((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag)
  ),
  ...['--allow-net'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag))
]

const permissions = (project) => {
  const readOwn = `--allow-fs-read=${project.folder}/*`
  for (const read of ['--allow-fs-read=*', readOwn]) {
    project.expectNative(
      process.execPath,
      ...[...PERMISSION, '--allow-addons', '--no-warnings', read, 'program.js']
    )
  }
  const refused = project.attempt(process.execPath, ...PERMISSION, readOwn, 'program.js')
  if (refused.status === 0 || !refused.stderr.includes('--allow-addons')) {
    throw new Error(`without --allow-addons it says ${refused.stderr}`)
  }
}

const cases = {
  'a single executable': singleExecutable,
  'a zip for Lambda, x64 and arm64': archive,
  "Node's permission model": permissions
}

module.exports = { cases, modules, folder: 'deployments', isInstalled: true }
