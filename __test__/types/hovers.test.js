/** What an editor shows of index.d.ts teaches how the store is used. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { describe, test } = require('node:test')
const ts = require('typescript')
const createKeyStore = require('../..')

const FILE = path.join(__dirname, '..', '..', 'index.d.ts')
const program = ts.createProgram([FILE], { types: [] })
const checker = program.getTypeChecker()
const source = program.getSourceFile(FILE)
const members = checker.getExportsOfModule(checker.getSymbolAtLocation(source))

const typeOf = (name) =>
  checker.getDeclaredTypeOfSymbol(members.find((symbol) => symbol.name === name))

const textOf = (symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker))

const tagsOf = (symbol, name) =>
  symbol
    .getJsDocTags(checker)
    .filter((tag) => tag.name === name)
    .map(({ text }) => ts.displayPartsToString(text))

describe('methods say what comes in, what comes out, and give an example', () => {
  for (const symbol of checker.getPropertiesOfType(typeOf('KeyStore'))) {
    test(symbol.name, () => {
      assert.match(textOf(symbol), /\w\.$/m)
      const [call] = checker.getTypeOfSymbol(symbol).getCallSignatures()
      if (!call) return
      const described = tagsOf(symbol, 'param').map((text) => text.split(' ')[0])
      assert.deepEqual(
        described,
        call.parameters.map(({ name }) => name)
      )
      assert.equal(tagsOf(symbol, 'returns').length, 1)
      assert.match(tagsOf(symbol, 'example').join(), new RegExp(`keyStore\\.${symbol.name}\\(`))
    })
  }
})

describe('options say their default, and their unit', () => {
  const names = []
  for (const symbol of checker.getPropertiesOfType(typeOf('Options'))) {
    names.push(symbol.name)
    test(symbol.name, () => {
      assert.match(textOf(symbol), /by default/)
      if (symbol.name.endsWith('Timeout')) assert.match(textOf(symbol), /milliseconds/)
    })
  }

  test('all options are there', () => {
    assert.throws(() => createKeyStore('redis://h', { '': 1 }), {
      message: `js-redis-key-store: unknown option ""; known are ${names.join(', ')}`
    })
  })

  for (const part of ['host', 'port', 'path', 'username', 'password', 'db', 'tls', 'keyPrefix']) {
    test(`${part} of an address`, () => {
      assert.match(textOf(checker.getPropertyOfType(typeOf('Address'), part)), /by default/)
    })
  }

  for (const symbol of checker.getPropertiesOfType(typeOf('Tls'))) {
    test(`tls.${symbol.name}`, () => assert.match(textOf(symbol), /by default/))
  }
})

describe('codes say what they mean, and what to do', () => {
  const code = checker.getPropertyOfType(typeOf('KeyStoreError'), 'code')
  const lines = textOf(code).split(/^- /m).slice(1)
  for (const { value } of typeOf('ErrorCode').types) {
    test(value, () => {
      const line = lines.find((text) => text.startsWith(`\`${value}\`: `))
      assert.match(line ?? '', /\.\s+[A-Z][^.]+/)
    })
  }

  test('no other is told of', () => assert.equal(lines.length, typeOf('ErrorCode').types.length))
})
