/** `npm run supply`: licences, bans and sources of the crates, by deny.toml; advisories of both registries. */

const path = require('node:path')
const { TOOLS, npm, run, works } = require('./package/tools')

const VERSION = '0.20.2'
const program = path.join(TOOLS, 'bin', 'cargo-deny')

if (!works(program, '--version')) {
  run('cargo', ['install', `cargo-deny@${VERSION}`, '--locked', '--root', TOOLS], {
    stdio: 'inherit'
  })
}
run(program, ['--all-features', 'check', 'licenses', 'bans', 'sources'], { stdio: 'inherit' })
npm(['audit', '--omit=dev'], { stdio: 'inherit' })
npm(['audit', 'signatures'], { stdio: 'inherit' })
if (process.env.CI) run(program, ['check', 'advisories'], { stdio: 'inherit' })
