/** index.d.ts, by the compiler: the programs in this directory, under the settings that users have. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { describe, test } = require('node:test')
const ts = require('typescript')
const { run } = require('../support/programs')
const base = require('./tsconfig.json').compilerOptions

const ROOT = path.join(__dirname, '..', '..')

const COMMON = ['store.ts', 'nulls.ts', 'undefined.ts']
const COMMONJS = [...COMMON, 'require.ts', 'namespace.ts']

/** The settings beside those of tsconfig.json, and the programs that must compile under them. */
const SETTINGS = {
  'node16, every client': [{}, [...COMMONJS, 'esm.mts', 'ids.ts', 'clients.ts']],
  'without the types of Node': [{ types: [] }, [...COMMONJS, 'esm.mts']],
  'in a browser project': [{ types: [], lib: ['es2022', 'dom'] }, COMMONJS],
  nodenext: [{ module: 'nodenext', types: [] }, [...COMMONJS, 'esm.mts']],
  'without esModuleInterop': [{ esModuleInterop: false, types: [] }, COMMONJS],
  'commonjs, without esModuleInterop': [
    { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false, types: [] },
    COMMONJS
  ],
  'commonjs, with esModuleInterop': [
    { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true, types: [] },
    COMMONJS
  ],
  'a bundler': [
    { module: 'esnext', moduleResolution: 'bundler', types: [] },
    [...COMMON, 'namespace.ts', 'esm.mts']
  ],
  'a bundler that preserves modules': [{ module: 'preserve', types: [] }, COMMONJS],
  exactOptionalPropertyTypes: [{ exactOptionalPropertyTypes: true, types: [] }, COMMONJS],
  'not strict': [{ strict: false, types: [] }, ['store.ts', 'undefined.ts', 'require.ts']],
  'every check there is': [
    {
      module: 'preserve',
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      verbatimModuleSyntax: true,
      isolatedModules: true,
      types: []
    },
    COMMONJS
  ]
}

const compile = (settings, names) => {
  const given = ts.convertCompilerOptionsFromJson({ ...base, ...settings }, __dirname)
  assert.deepEqual(given.errors, [])
  const files = [path.join(ROOT, 'index.d.ts'), ...names.map((name) => path.join(__dirname, name))]
  const program = ts.createProgram(files, given.options)
  return ts.getPreEmitDiagnostics(program)
}

const shown = (diagnostics) =>
  ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => __dirname,
    getNewLine: () => '\n'
  })

describe('the programs compile', () => {
  for (const [name, [settings, names]] of Object.entries(SETTINGS)) {
    test(name, () => assert.equal(shown(compile(settings, names)), ''))
  }
})

describe('what is imported is there', () => {
  const imports = {
    'import x from': `import createKeyStore, { RedisKeyStore } from './index.js'`,
    'import x = require()': `import createKeyStore = require('./index.js')
      const { RedisKeyStore } = createKeyStore`,
    'import * as x': `import * as whole from './index.js'
      const { default: createKeyStore, RedisKeyStore } = whole`
  }
  for (const [name, text] of Object.entries(imports)) {
    for (const esModuleInterop of [true, false]) {
      test(`${name}, ${esModuleInterop ? 'with' : 'without'} esModuleInterop`, async () => {
        const { outputText } = ts.transpileModule(
          `${text}
          console.log(typeof createKeyStore('redis://h').saveIds, typeof RedisKeyStore)`,
          { compilerOptions: { module: ts.ModuleKind.CommonJS, esModuleInterop } }
        )
        const ended = await run(process.execPath, ['-e', outputText])
        assert.deepEqual(ended, {
          code: 0,
          signal: null,
          stdout: 'function function\n',
          stderr: ''
        })
      })
    }
  }
})
