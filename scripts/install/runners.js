/** Test runners and type checkers: what runs or reads programs in its own way. */

const fs = require('node:fs')
const path = require('node:path')
const { TOOLS } = require('../package/tools')
const { NAME, useModule } = require('./project')

const MODULES = path.join(TOOLS, 'runners', 'node_modules')
const script = (...names) => path.join(MODULES, ...names)

const modules = {
  jest: '30',
  vitest: '3',
  '@vitest/coverage-v8': '3',
  typescript: '5',
  '@types/node': '20',
  publint: '0.3',
  '@arethetypeswrong/cli': '0.18'
}

const body = (create) => `
test('a pair', async () => {
  const store = ${create}(process.env.TEST_URL)
  expect([store.native, await store.saveIds('i', 1, 'x'), await store.getBotmaticId('i', 'x')]).toEqual([true, true, '1'])
  expect(await store.quit()).toBe(true)
})`

const jest =
  (...options) =>
  (project) => {
    for (const name of ['a', 'b']) project.write(`${name}.test.js`, body(`require('${NAME}')`))
    project.run(process.execPath, script('jest', 'bin', 'jest.js'), ...options)
  }

const vitest =
  (...options) =>
  (project) => {
    const start = `import createKeyStore from '${NAME}'\n`
    for (const name of ['a', 'b']) project.write(`${name}.test.mjs`, start + body('createKeyStore'))
    // It looks for itself from the project.
    for (const name of ['vitest', '@vitest']) {
      fs.symlinkSync(script(name), project.path('node_modules', name))
    }
    project.run(process.execPath, script('vitest', 'vitest.mjs'), 'run', '--globals', ...options)
  }

const types = (kind, isExact) => (project) => {
  const module = kind === 'bundler' ? 'esnext' : kind
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module,
    moduleResolution: kind,
    target: 'es2022',
    exactOptionalPropertyTypes: isExact,
    types: ['node'],
    typeRoots: [script('@types')]
  }
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['program.mts'] }))
  project.write(
    'program.mts',
    `import createKeyStore, { KeyStoreError, RedisKeyStore } from '${NAME}'
    export const store = createKeyStore('redis://h')
    export const found: Promise<string | null | undefined> = store.getExtId('i', 1)
    export const kinds = [KeyStoreError, RedisKeyStore]
    // @ts-expect-error no such method
    store.nope()`
  )
  project.run(process.execPath, script('typescript', 'bin', 'tsc'), '-p', '.')
}

const cases = {
  'ES module': (project) => {
    project.write('program.mjs', useModule())
    project.expectNative(process.execPath, 'program.mjs')
  },
  jest: jest(),
  'jest in one process': jest('--runInBand'),
  'jest in worker threads': jest('--workerThreads', '--maxWorkers=2'),
  'jest with coverage': jest('--coverage'),
  ...Object.fromEntries(
    ['forks', 'threads', 'vmForks', 'vmThreads'].map((pool) => [
      `vitest, ${pool}`,
      vitest(`--pool=${pool}`)
    ])
  ),
  'vitest with coverage': vitest('--coverage'),
  ...Object.fromEntries(
    ['node16', 'nodenext', 'bundler'].flatMap((kind) => [
      [`TypeScript, ${kind}`, types(kind, false)],
      [`TypeScript, ${kind}, exact optional properties`, types(kind, true)]
    ])
  ),
  publint: (project) => {
    project.run(
      process.execPath,
      script('publint', 'src', 'cli.js'),
      '--strict',
      `node_modules/${NAME}`
    )
  },
  'are the types wrong': (project) => {
    project.npm('pack', `./node_modules/${NAME}`)
    const [tarball] = fs.readdirSync(project.folder).filter((name) => name.endsWith('.tgz'))
    project.run(process.execPath, script('@arethetypeswrong', 'cli', 'dist', 'index.js'), tarball)
  }
}

module.exports = { cases, modules, folder: 'runners', isInstalled: true }
