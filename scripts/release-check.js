/** `npm run release:check`: the demo on what the registry gives to an empty project. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { name, version } = require('../package.json')
const { ROOT, npm, run } = require('./package/tools')

const project = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-release-'))
fs.writeFileSync(path.join(project, 'package.json'), '{"private":true}')
npm(['install', `${name}@${version}`, '--no-audit', '--no-fund'], {
  cwd: project,
  stdio: 'inherit'
})
const preload = path.join(ROOT, '__test__', 'support', 'installed.js')
run(process.execPath, ['--require', preload, path.join(ROOT, 'examples', 'demo.js')], {
  env: { KEY_STORE_INSTALLED: path.join(project, 'node_modules', name) },
  stdio: 'inherit'
})
fs.rmSync(project, { recursive: true })
