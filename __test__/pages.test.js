/** What the pages say of the code is so: links, scripts, options, error codes, the tests they name. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const { withDefaults } = require('../lib/settings/options')
const manifest = require('../package.json')
const { PAGES, anchorsOf, linksOf, read, testsNamedIn } = require('./support/markdown')
const { ROOT, run } = require('./support/programs')

const exists = (file) => fs.existsSync(path.join(ROOT, file))

/** Where a link of a page leads: `file`, from the root, and `anchor`; `undefined` when outside. */
const destination = (page, link) => {
  if (/^https:\/\//.test(link)) return undefined
  const [file, anchor] = link.split('#')
  const directory = path.posix.dirname(page)
  return { file: file === '' ? page : path.posix.join(directory, file), anchor }
}

const destinationsOf = (page) =>
  linksOf(read(page))
    .map((link) => destination(page, link))
    .filter(Boolean)

/** The text of a type of index.d.ts, from its name to the end of its last line. */
const typeOf = (name, end) => {
  const text = read('index.d.ts')
  const start = text.indexOf(name)
  return text.slice(start, text.indexOf(end, start))
}

const CODES = [...typeOf('type ErrorCode =', '\n}').matchAll(/\| '(\w+)'/g)].map(([, code]) => code)

for (const page of PAGES) {
  describe(page, () => {
    test('its links lead somewhere', () => {
      for (const { file, anchor } of destinationsOf(page)) {
        assert.ok(exists(file), `no ${file}`)
        if (anchor) assert.ok(anchorsOf(read(file)).includes(anchor), `no ${anchor} in ${file}`)
      }
    })

    test('its commands are scripts of the package', () => {
      for (const [, name] of read(page).matchAll(/npm run ([\w:]+)/g)) {
        assert.ok(Object.hasOwn(manifest.scripts, name), name)
      }
    })

    test('the files that it names are there', () => {
      const paths = /`((?:lib|src|__test__|scripts|benches|fuzz|examples|docs)\/[\w/.-]+)`/g
      for (const [, file] of read(page).matchAll(paths)) assert.ok(exists(file), `no ${file}`)
    })

    test('the tests that it names are there', () => {
      for (const { file, name } of testsNamedIn(read(page))) {
        assert.ok(exists(file), `no ${file}`)
        const lines = read(file).split('\n')
        const isNamed = (line) => /\b(test|describe|it|fn|name)\b/.test(line) && line.includes(name)
        assert.ok(lines.some(isNamed), `no "${name}" in ${file}`)
      }
    })
  })
}

describe('README.md', () => {
  const readme = read('README.md')

  test('is short', () => assert.ok(readme.trimEnd().split('\n').length <= 150))

  test('names every option with its default', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` \| (.+?) \|/gm)]
    const shown = Object.fromEntries(rows.map(([, name, value]) => [name, value]))
    const typed = [...typeOf('interface Options', '\n  }').matchAll(/^ {4}(\w+)\?:/gm)]
    assert.deepEqual(Object.keys(shown).sort(), typed.map(([, name]) => name).sort())
    for (const [name, value] of Object.entries(withDefaults())) {
      const text = typeof value === 'number' ? value.toLocaleString('en') : `\`${value}\``
      assert.ok(shown[name].startsWith(text), `${name} is ${value}`)
    }
  })

  test('its badges are those of the package', () => {
    assert.ok(readme.includes(`licence: ${manifest.license}`))
    const [, node] = /^>=(\d+)/.exec(manifest.engines.node)
    assert.ok(readme.includes(`Node.js: ${node} or newer`))
    assert.ok(readme.includes(`node-%3E%3D${node}-`))
  })
})

test('the page of errors has every code, and no other', () => {
  const sections = anchorsOf(read('docs/errors.md')).filter((name) =>
    CODES.includes(name.toUpperCase())
  )
  assert.deepEqual(sections.map((name) => name.toUpperCase()).sort(), [...CODES].sort())
  const headings = [...read('docs/errors.md').matchAll(/^### (\w+)$/gm)].map(([, code]) => code)
  assert.deepEqual(headings.sort(), [...CODES].sort())
})

test('the sources use every code, and no other', () => {
  const sources = ['lib', 'src'].flatMap((directory) =>
    fs
      .readdirSync(path.join(ROOT, directory), { recursive: true })
      .map((name) => path.posix.join(directory, name))
      .filter((name) => /\.(js|rs)$/.test(name))
  )
  const text = sources.map(read).join('\n')
  const given = [...text.matchAll(/(?:Failure|fail)\('([A-Z]+)'/g)].map(([, code]) => code)
  assert.deepEqual(
    given.filter((code) => !CODES.includes(code)),
    []
  )
  assert.deepEqual(
    CODES.filter((code) => !new RegExp(`['"]${code}['"]`).test(text)),
    []
  )
  const [, rust] = /fn code\(&self\)[^{]*\{([\s\S]*?)\n {4}\}/.exec(read('src/error/mod.rs'))
  for (const [, code] of rust.matchAll(/"([A-Z]+)"/g)) assert.ok(CODES.includes(code), code)
})

test('the package has all that its pages link to', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'])
  const packed = JSON.parse(stdout)[0].files.map(({ path: file }) => file)
  for (const page of PAGES.filter((name) => packed.includes(name))) {
    for (const { file } of destinationsOf(page)) {
      assert.ok(packed.includes(file), `${page} links to ${file}, which is not packed`)
    }
  }
})
