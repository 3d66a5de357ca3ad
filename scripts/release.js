/**
 * `npm run release`: publishes what lies in dist/, the platforms' packages first, so that nobody finds
 * the main one without them. `--dry-run` shows what would be published. One that is published already
 * is left out, so that a release that broke off goes on.
 */

const fs = require('node:fs')
const path = require('node:path')
const manifest = require('../package.json')
const { PLATFORMS } = require('./package/platforms')
const { ROOT, npm } = require('./package/tools')

const { name, version } = manifest
const isDry = process.argv.includes('--dry-run')

const isPublished = (each) => {
  try {
    return npm(['view', `${each}@${version}`, 'version'], { stdio: 'pipe' }).trim() === version
  } catch {
    return false
  }
}

const names = [...PLATFORMS.map((platform) => `${name}-${platform.name}`), name]
const fileOf = (each) => path.join(ROOT, 'dist', `${each}-${version}.tgz`)

const missing = names.filter((each) => !fs.existsSync(fileOf(each)))
if (missing.length > 0) {
  console.error(`release: dist/ lacks ${missing.join(', ')}`)
  process.exit(1)
}
for (const each of names) {
  if (!isDry && isPublished(each)) {
    console.log(`release: ${each}@${version} is published`)
    continue
  }
  const how = isDry ? ['--dry-run'] : ['--provenance']
  npm(['publish', fileOf(each), '--access=public', '--ignore-scripts', ...how], {
    stdio: 'inherit'
  })
}
