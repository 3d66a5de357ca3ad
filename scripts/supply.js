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

/** What tools say when they cannot reach what they want to ask. */
const UNREACHED =
  /audit endpoint returned an error|network connectivity|failed to fetch advisory database/

/** In the workflow it must be reached; elsewhere it is told when it is not. */
const ask = (name, look) => {
  try {
    look({ stdio: 'pipe' })
    console.log(`supply: ${name}: clean`)
  } catch (error) {
    if (process.env.CI || !UNREACHED.test(error.message)) throw error
    console.log(`supply: ${name}: not reached from here, NOT CHECKED`)
  }
}

ask('advisories of npm', (options) => npm(['audit', '--omit=dev'], options))
ask('signatures of npm', (options) => npm(['audit', 'signatures'], options))
ask('advisories of crates', (options) => run(program, ['check', 'advisories'], options))
