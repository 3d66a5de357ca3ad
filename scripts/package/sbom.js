/** What the packages are made of, as CycloneDX has it: crates of Rust and packages of npm. */

const manifest = require('../../package.json')
const lock = require('../../package-lock.json')
const { cratesOf } = require('./crates')

const crate = ({ name, version, license }) => ({
  type: 'library',
  name,
  version,
  purl: `pkg:cargo/${name}@${version}`,
  licenses: [{ expression: license.replaceAll('/', ' OR ') }]
})

/** Of the packages that an installation brings, as the lockfile knows them. */
const npmPackages = Object.entries(lock.packages)
  .filter(([place, { dev, devOptional }]) => place && !dev && !devOptional)
  .map(([place, { version, license }]) => {
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
    return { type: 'library', name, version, purl, licenses: [{ expression: license }] }
  })

const sbomOf = (platforms) => {
  const { name, version, license } = manifest
  const crates = new Map()
  for (const { rust } of platforms) {
    for (const each of cratesOf(rust)) crates.set(`${each.name}@${each.version}`, each)
  }
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'library', name, version, licenses: [{ expression: license }] }
    },
    components: [...npmPackages, ...[...crates.values()].map(crate)]
  }
  return `${JSON.stringify(bom, null, 2)}\n`
}

module.exports = { sbomOf }
