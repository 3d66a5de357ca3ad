/** Every block of code on the pages is run, on a server of its own, as a reader would run it. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const { PAGES, blocksOf, read } = require('./support/markdown')
const { ROOT, run } = require('./support/programs')
const { useServer } = require('./support/redis')

/** Where the pages say that Redis is. */
const PLACE = '127.0.0.1:6379'

/** Packages that pages use, and under which name they are installed here. */
const CLIENTS = { ioredis: 'ioredis6', redis3: 'redis3', '@valkey/valkey-glide': undefined }

const server = useServer()
beforeEach(() => server.command('flushall'))

/** A clone and an application beside it, as the README has it. */
let place
let application

const ENV = { npm_config_prefer_offline: 'true', npm_config_audit: 'false' }

const ends = async (command, args, cwd) => {
  const ended = await run(command, args, { cwd, env: ENV })
  const said = `${ended.stdout}${ended.stderr}`
  assert.deepEqual([ended.code, ended.signal], [0, null], said)
  return ended.stdout
}

/** What a program says that it prints: the comments behind its `console.log`. */
const printed = (text) =>
  [...text.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(([, comment]) => comment)

const program = async (text, name, cwd) => {
  fs.writeFileSync(path.join(cwd, name), text)
  const said = await ends(process.execPath, [name], cwd)
  const expected = printed(text)
  const lines = said.split('\n').filter((line) => expected.includes(line))
  assert.deepEqual(lines, expected, said)
  return said
}

const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const TYPES = ['--typeRoots', path.join(ROOT, 'node_modules', '@types'), '--types', 'node']
const CHECK = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', ...TYPES]

/** How a block of each language is run; what is in none of these is no code. */
const RUNNERS = {
  js: (text, cwd) => program(text, /^import /m.test(text) ? 'block.mjs' : 'block.cjs', cwd),
  ts: async (text, cwd) => {
    const name = /^import .* = require/m.test(text) ? 'block.cts' : 'block.mts'
    fs.writeFileSync(path.join(cwd, name), text)
    await ends(process.execPath, [TSC, ...CHECK, name], cwd)
  },
  sh: (text, cwd) => ends('bash', ['-euc', text], cwd),
  json: (text) => JSON.parse(text)
}

const runs = ({ language, text }) =>
  RUNNERS[language](text.replaceAll(PLACE, `127.0.0.1:${server.port}`), application)

/** How an application gets the package: what comes first on the README. */
const INSTALL = blocksOf(read('README.md')).find(({ language }) => language === 'sh')

before(async () => {
  place = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-docs-'))
  application = path.join(place, 'my-app')
  fs.mkdirSync(application)
  const clone = path.join(place, 'js-redis-key-store')
  fs.mkdirSync(clone)
  await ends('npm', ['pack', '--ignore-scripts', '--pack-destination', clone], ROOT)
  fs.writeFileSync(path.join(application, 'package.json'), '{ "private": true }')
  await runs(INSTALL)
  for (const [name, installed = name] of Object.entries(CLIENTS)) {
    // Beside the application's own, from which npm would take them away.
    const link = path.join(place, 'node_modules', name)
    fs.mkdirSync(path.dirname(link), { recursive: true })
    fs.symlinkSync(path.join(ROOT, 'node_modules', installed), link)
  }
})
after(() => fs.rmSync(place, { recursive: true, force: true }))

for (const page of PAGES) {
  describe(page, () => {
    const blocks = blocksOf(read(page))

    test('is written in languages that are run, or in none', () => {
      for (const { language, line } of blocks) {
        assert.ok(
          Object.hasOwn(RUNNERS, language) || ['', 'text'].includes(language),
          `line ${line}: ${language}`
        )
      }
    })

    blocks.forEach((block, index) => {
      const { language, line, reason } = block
      if (reason || !RUNNERS[language]) return
      test(`the ${language} of line ${line}`, async () => {
        const said = await runs(block)
        const next = blocks[index + 1]
        if (next?.before === 'It prints:') assert.equal(said, next.text)
      })
    })
  })
}

describe('a package that depends on the original', () => {
  const [manifest] = blocksOf(read('README.md')).filter(({ language }) => language === 'json')

  /** Installs such a package with the dependencies of the README; resolves to what it is served by. */
  const served = async (more) => {
    const connector = path.join(place, 'connector')
    const application = path.join(place, 'other-app')
    fs.rmSync(application, { recursive: true, force: true })
    for (const directory of [connector, application]) fs.mkdirSync(directory, { recursive: true })
    const original = { '@botmatic/js-redis-key-store': '^1.0.0' }
    const own = { name: 'connector', version: '1.0.0', dependencies: original }
    fs.writeFileSync(path.join(connector, 'package.json'), JSON.stringify(own))
    const program = "console.log(typeof require('@botmatic/js-redis-key-store').RedisKeyStore)"
    fs.writeFileSync(path.join(connector, 'index.js'), program)
    await ends('npm', ['pack', '--pack-destination', place], connector)
    const { dependencies, overrides } = JSON.parse(manifest.text)
    Object.assign(dependencies, { connector: 'file:../connector-1.0.0.tgz' })
    const text = JSON.stringify({ private: true, dependencies, overrides, ...more })
    fs.writeFileSync(path.join(application, 'package.json'), text)
    await ends('npm', ['install'], application)
    return ends(process.execPath, ['-e', "require('connector')"], application)
  }

  test('is served by this one, with the overrides of the README', async () => {
    assert.equal(await served({}), 'function\n')
  })

  test('is served by the original without them', async () => {
    assert.equal(await served({ overrides: undefined }), 'undefined\n')
  })
})
