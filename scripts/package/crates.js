/** The crates that a platform's binary is linked of, with their licences. */

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, run } = require('./tools')

const TEXTS = /^(licen[cs]e|copying|notice|copyright)/i

/** Some say only that it is the MIT licence: its text is ours, with their names. */
const OWN = fs.readFileSync(path.join(ROOT, 'LICENSE'), 'utf8')
const mitOf = ({ name, authors }) =>
  OWN.replace(/^Copyright .*$/m, `Copyright (c) ${authors.join(', ') || `the authors of ${name}`}`)

const textsOf = (crate) => {
  const folder = path.dirname(crate.manifest_path)
  const files = fs.readdirSync(folder).filter((name) => TEXTS.test(name))
  const texts = files
    .map((name) => path.join(folder, name))
    .filter((file) => fs.statSync(file).isFile())
    .map((file) => fs.readFileSync(file, 'utf8'))
  if (texts.length > 0) return texts
  if (crate.license === 'MIT') return [mitOf(crate)]
  throw new Error(`${crate.name} ${crate.version} (${crate.license}) comes without its licence`)
}

/** What cargo links for a target, sorted by name: `{name, version, license, …}`. */
const cratesOf = (target) => {
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', target]
  const { packages, resolve } = JSON.parse(run('cargo', args))
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const linked = new Set()
  const visit = (id) => {
    if (linked.has(id)) return
    linked.add(id)
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg)
    }
  }
  visit(resolve.root)
  return packages
    .filter(({ id }) => linked.has(id) && id !== resolve.root)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The notices that go with a binary. */
const noticesOf = (crates) => {
  const texts = new Map()
  for (const crate of crates) {
    for (const text of textsOf(crate)) {
      const key = text.trim()
      texts.set(key, [...(texts.get(key) ?? []), `${crate.name} ${crate.version}`])
    }
  }
  const list = crates.map(({ name, version, license }) => `- ${name} ${version}: ${license}`)
  const sections = [...texts].map(
    ([text, names]) => `${'='.repeat(80)}\n${names.join(', ')}\n\n${text}\n`
  )
  return [
    'The binary in this package is made of js-redis-key-store, the standard library of Rust',
    '(MIT or Apache-2.0, https://www.rust-lang.org/policies/licenses), and these crates:\n',
    ...list,
    '',
    ...sections
  ].join('\n')
}

module.exports = { cratesOf, noticesOf }
