/** The package as it is packed, installed in an empty project and used in each way. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { ROOT, run } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()

let project

const npm = async (...args) => {
  const ended = await run('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: project
  })
  assert.equal(ended.code, 0, ended.stderr)
  return ended.stdout
}

before(async () => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-project-'))
  const packed = JSON.parse(await npm('pack', ROOT, '--json', '--ignore-scripts'))
  const tarball = `file:${packed[0].filename}`
  const manifest = {
    private: true,
    dependencies: { 'js-redis-key-store': tarball, '@botmatic/js-redis-key-store': tarball }
  }
  fs.writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest))
  await npm('install')
})
after(() => fs.rmSync(project, { recursive: true, force: true }))

/** Writes a program into the project and runs it; it saves a pair and prints what it reads. */
const runProgram = async (name, text) => {
  fs.writeFileSync(path.join(project, name), text)
  return run(process.execPath, [name, server.url], { cwd: project })
}

const USE = `
  const main = async () => {
    const store = createKeyStore(process.argv[2])
    console.log(await store.saveIds('i', 1, 'x'), await store.getBotmaticId('i', 'x'))
    console.log(typeof RedisKeyStore, typeof KeyStoreError)
  }
  main()
`

const PRINTS = { code: 0, signal: null, stdout: 'true 1\nfunction function\n', stderr: '' }

describe('an empty project', () => {
  test('CommonJS', async () => {
    const program = `
      const createKeyStore = require('js-redis-key-store')
      const { RedisKeyStore, KeyStoreError } = createKeyStore
      ${USE}`
    assert.deepEqual(await runProgram('program.cjs', program), PRINTS)
  })

  test('CommonJS, under the name of the original', async () => {
    const program = `
      const createKeyStore = require('@botmatic/js-redis-key-store')
      const { RedisKeyStore, KeyStoreError } = createKeyStore
      ${USE}`
    assert.deepEqual(await runProgram('alias.cjs', program), PRINTS)
  })

  test('ES module', async () => {
    const program = `
      import createKeyStore, { RedisKeyStore, KeyStoreError } from 'js-redis-key-store'
      ${USE}`
    assert.deepEqual(await runProgram('program.mjs', program), PRINTS)
  })

  test('TypeScript', async () => {
    const program = `
      import createKeyStore, { KeyStoreError, RedisKeyStore } from 'js-redis-key-store'
      export const store: createKeyStore.KeyStore = createKeyStore('redis://h', { strict: false })
      export const found: Promise<string | null | undefined> = store.getExtId('i', 1)
      export const kinds = [KeyStoreError, RedisKeyStore]
      // @ts-expect-error no such method
      store.nope()`
    fs.writeFileSync(path.join(project, 'program.mts'), program)
    const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const types = ['--typeRoots', path.join(ROOT, 'node_modules', '@types'), '--types', 'node']
    const options = ['--strict', '--noEmit', '--module', 'nodenext', ...types]
    const ended = await run(process.execPath, [tsc, ...options, 'program.mts'], { cwd: project })
    assert.deepEqual([ended.code, ended.stdout], [0, ''])
  })

  test('holds what is needed and nothing more', () => {
    const root = path.join(project, 'node_modules', 'js-redis-key-store')
    const files = fs.readdirSync(root).filter((name) => !name.endsWith('.node'))
    assert.deepEqual(files.sort(), [
      'CHANGELOG.md',
      'CODE_OF_CONDUCT.md',
      'CONTRIBUTING.md',
      'Cargo.lock',
      'Cargo.toml',
      'LICENSE',
      'README.md',
      'benches',
      'build.rs',
      'docs',
      'index.d.ts',
      'index.js',
      'lib',
      'package.json',
      'scripts',
      'src'
    ])
    const installed = fs.readdirSync(path.join(project, 'node_modules'))
    const packages = installed.filter((name) => !name.startsWith('.')).sort()
    assert.deepEqual(packages, ['@botmatic', 'debug', 'js-redis-key-store', 'ms'])
  })
})
