/** Files of pairs: what is written is read again, and what is no pair is told. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { beforeEach, describe, test } = require('node:test')
const { gunzipSync, gzipSync } = require('node:zlib')
const { parse } = require('csv-parse/sync')
const { contents, useServer } = require('../../__test__/support/redis')
const { randomFrom } = require('../../__test__/support/random')
const { ndjson, run, useFolder } = require('./support')

const server = useServer()
const folder = useFolder()

const keyStore = (args, options) =>
  run(args, { ...options, env: { KEY_STORE_URL: server.url }, cwd: folder.path })

beforeEach(() => server.command('flushall'))

/** Ids that formats stumble over. */
const ODD = [
  'a"b',
  '"',
  '""',
  'a,b',
  'a\nb',
  'a\r\nb',
  'a\r',
  '\r',
  '\n',
  'a\0b',
  '\0',
  ' a ',
  '\ta',
  '#end',
  '#',
  '\ufeffa',
  'é漢😀',
  '\\',
  '\\n',
  "'",
  '{"a":1}',
  '0',
  '-1',
  '1e5',
  'true',
  'null',
  '=1+1',
  ';',
  'x'.repeat(10_000),
  '\u2028',
  ':b:',
  'a:e:b'
]

const FORMATS = [
  ['pairs.ndjson', []],
  ['pairs.csv', ['--header']],
  ['pairs.tsv', []],
  ['pairs.ndjson.gz', []],
  ['pairs.csv.gz', []],
  [
    'pairs.txt',
    [
      '--format',
      'csv',
      '--delimiter',
      '::',
      '--no-header',
      '--columns',
      'extId,-,botmaticId,integrationId'
    ]
  ]
]

for (const [name, options] of FORMATS) {
  test(`${name} ${options.join(' ')}: odd ids come back, and make the same bytes`, async () => {
    const { next, pick } = randomFrom(Number(process.env.SEED ?? 7))
    const words = []
    for (const [n, id] of ODD.entries()) {
      for (const integration of ['plain', '#odd', 'a"b\n']) {
        const ext = `${pick(ODD)}${n}${Math.floor(next() * 100)}`
        words.push(`${integration}:b:${id}`, ext, `${integration}:e:${ext}`, id)
      }
    }
    await server.command('mset', ...words)
    const before = await contents(server.command)
    const exported = await keyStore(['export', name, ...options])
    assert.deepEqual([exported.code, exported.stderr], [0, ''])
    const bytes = fs.readFileSync(folder.file(name))
    await server.command('flushall')
    const imported = await keyStore(['import', name, ...options])
    assert.deepEqual([imported.code, imported.stderr], [0, ''])
    assert.deepEqual(await contents(server.command), before)
    await keyStore(['export', name, ...options])
    assert.ok(bytes.equals(fs.readFileSync(folder.file(name))))
  })
}

test('other tools read an export', async () => {
  await keyStore(['set', '--integration', 'i', '1', 'a"b'])
  await keyStore(['export', 'one.csv'])
  const rows = parse(fs.readFileSync(folder.file('one.csv')), { columns: true, comment: '#' })
  assert.deepEqual(rows, [{ integrationId: 'i', botmaticId: '1', extId: 'a"b' }])
  await keyStore(['export', 'one.ndjson.gz'])
  const lines = gunzipSync(fs.readFileSync(folder.file('one.ndjson.gz')))
    .toString()
    .trim()
    .split('\n')
  const objects = lines.map((line) => JSON.parse(line))
  assert.deepEqual(objects[0], { integrationId: 'i', botmaticId: '1', extId: 'a"b' })
  assert.equal(objects[1].end.pairs, 1)
  assert.equal(fs.statSync(folder.file('one.csv')).mode & 0o077, 0)
})

describe('an export that is not whole', () => {
  const LINES = ndjson('i', 1, 'x') + ndjson('i', 2, 'y')

  const whole = async (name) => {
    await keyStore(['import', '-', '--no-check'], { input: LINES })
    await keyStore(['export', name])
    await server.command('flushall')
    return fs.readFileSync(folder.file(name))
  }

  const refused = async (args, options, message) => {
    const { code, stderr } = await keyStore(args, options)
    assert.match(stderr, message)
    assert.equal(code, 3)
  }

  test('is refused before anything is written, from a file', async () => {
    const bytes = await whole('cut.ndjson')
    for (const [name, text, message] of [
      ['cut.ndjson', bytes.subarray(0, -30), /cut/],
      ['cut.ndjson', bytes.subarray(0, bytes.indexOf('\n') + 1), /cut/],
      ['cut.ndjson', bytes.toString().replace('"x"', '"z"'), /checksum/],
      ['cut.ndjson', bytes.subarray(bytes.indexOf('\n') + 1), /checksum/],
      ['cut.ndjson', '', /cut/],
      ['cut.ndjson.gz', gzipSync(bytes).subarray(0, -20), /cut/]
    ]) {
      folder.write(name, text)
      await refused(['import', name], {}, message)
      assert.deepEqual(await contents(server.command), {})
    }
  })

  test('is told at the end, from a pipe', async () => {
    const bytes = await whole('cut.ndjson')
    await refused(['import', '-'], { input: bytes.subarray(0, -30) }, /cut/)
    await refused(['import', '-'], { input: bytes.toString().replace('"x"', '"z"') }, /checksum/)
    assert.equal((await keyStore(['import', '-'], { input: bytes })).code, 0)
  })

  test('is taken with --no-check', async () => {
    const bytes = await whole('cut.ndjson')
    const { code, stdout } = await keyStore(['import', '-', '--no-check', '--json'], {
      input: bytes.subarray(0, bytes.indexOf('\n') + 1)
    })
    assert.deepEqual([code, JSON.parse(stdout).saved], [0, 1])
  })

  test('of no pairs is whole', async () => {
    for (const name of ['none.ndjson', 'none.csv']) {
      assert.equal((await keyStore(['export', name])).code, 0)
      assert.equal((await keyStore(['import', name])).code, 0)
    }
  })
})

describe('lines that are no pair', () => {
  const importText = async (text, ...options) => {
    const ended = await keyStore(['import', '-', '--no-check', '--json', ...options], {
      input: text
    })
    const told = [...ended.stderr.matchAll(/line (\d+): (.*)/g)].map(([, n, why]) => [
      Number(n),
      why
    ])
    return { ...ended, told, summary: ended.stdout ? JSON.parse(ended.stdout) : undefined }
  }

  test('NDJSON: told with their numbers, kept, and the rest imported', async () => {
    const bad = [
      '{"integrationId":"i","botmaticId":"1"',
      'hello',
      '[1,2,3]',
      '{"integrationId":"i","botmaticId":"","extId":"x"}',
      '{"integrationId":"i","botmaticId":null,"extId":"x"}',
      '{"integrationId":"i","botmaticId":12345678901234567890,"extId":"x"}',
      '{"botmaticId":"1","extId":"x"}',
      '{"integrationId":"i","botmaticId":["1"],"extId":"x"}'
    ]
    const text = bad.map((line, n) => `${ndjson('i', n + 10, `e${n}`)}\n${line}\r\n`).join('')
    const { code, told, summary } = await importText(text, '--rejects', 'bad.ndjson')
    assert.equal(code, 1)
    assert.deepEqual(
      told.map(([n]) => n),
      bad.map((_, n) => 3 * n + 3)
    )
    assert.deepEqual([summary.saved, summary.rejected], [bad.length, bad.length])
    assert.deepEqual(
      folder
        .read('bad.ndjson')
        .split('\r\n')
        .map((line) => line.trim()),
      [...bad, '']
    )
  })

  test('CSV: told with their numbers, kept under the header, and the rest imported', async () => {
    const lines = [
      'extId,integrationId,more,botmaticId',
      'a,i,,1',
      'b,i,2',
      '"c\nc",i,"x, ""y""",3',
      'd,i,"open,4',
      'e,i,,5',
      'f,i,a"b,6',
      ',i,,7',
      '',
      'g,i,,"8"'
    ]
    const { code, told, summary } = await importText(
      lines.join('\r\n'),
      '--format',
      'csv',
      '--rejects',
      'bad.csv'
    )
    assert.deepEqual(
      told.map(([n]) => n),
      [3, 6, 8, 9]
    )
    assert.deepEqual([code, summary.saved, summary.rejected], [1, 4, 4])
    assert.deepEqual(folder.read('bad.csv').replaceAll('\r', '').split('\n'), [
      lines[0],
      lines[2],
      lines[4],
      lines[6],
      lines[7],
      ''
    ])
    assert.equal(await server.command('get', 'i:b:3'), 'c\r\nc'.replace('\r', ''))
  })

  test('bytes that are no text are told, in either format', async () => {
    const bytes = (text) => Buffer.from(text, 'latin1')
    const one = await importText(
      Buffer.concat([bytes(ndjson('i', 1, '\xff')), bytes(ndjson('i', 2, 'x'))])
    )
    assert.deepEqual([one.told, one.summary.saved], [[[1, 'it is no UTF-8']], 1])
    const two = await importText(bytes('i,1,\xff\ni,2,x\n'), '--format', 'csv', '--no-header')
    assert.deepEqual([two.told, two.summary.saved], [[[1, 'it is no UTF-8']], 1])
  })

  test('a line of 17 MB is told, and what follows imported', async () => {
    const { told, summary } = await importText(
      `${ndjson('i', 1, 'x'.repeat(17 << 20))}${ndjson('i', 2, 'y')}`
    )
    assert.equal(summary.saved, 1)
    assert.match(told.join(), /^1,it is longer than 16 MiB/)
  })

  test('a row of CSV with such a line in it is none', async () => {
    const long = 'x'.repeat(17 << 20)
    const { told, summary } = await importText(
      `i,"1\n${long}\n1",x\ni,2,y\n`,
      ...['--format', 'csv', '--no-header']
    )
    assert.equal(summary.saved, 1)
    assert.deepEqual(
      told.map(([n]) => n),
      [1, 2, 3]
    )
    assert.match(told.join(), /2,it is longer than 16 MiB/)
  })

  test('numbers that JSON may have rounded', async () => {
    const line = (id) => `{"integrationId":"i","botmaticId":${id},"extId":"x"}\n`
    const { told, summary } = await importText(
      ['0.1234567890123456789', '9007199254740993', '1e400', '-7', '12'].map(line).join('')
    )
    assert.equal(summary.saved, 2)
    assert.deepEqual(
      told.map(([n]) => n),
      [1, 2, 3]
    )
  })

  test('a quote that is never closed takes nothing with it', async () => {
    const rows = Array.from({ length: 60_000 }, (_, n) => `i,${n},some-external-id-${n}\n`)
    rows[10] = 'i,10,"never closed\n'
    const { told, summary } = await importText(rows.join(''), '--format', 'csv', '--no-header')
    assert.deepEqual([told.map(([n]) => n), summary.saved], [[11], 59_999])
  })

  test('--max-errors ends it', async () => {
    const { code, stderr } = await importText(
      `x\n${ndjson('i', 1, 'x')}y\nz\n`,
      '--max-errors',
      '2'
    )
    assert.equal(code, 3)
    assert.match(stderr, /--max-errors/)
    assert.equal((await importText('x\ny\n', '--max-errors', '2')).code, 1)
  })
})

test("others' files: a byte order mark, other names, one integration", async () => {
  const input = '\ufeffid;crm_id;name\r\n1;x;"A; B"\r\n2;y;\r\n'
  const options = ['--no-check', '--format', 'csv', '--delimiter', ';', '--integration', 'i']
  const columns = ['--columns', 'botmaticId=id,extId=crm_id']
  const { code, stderr } = await keyStore(['import', '-', ...options, ...columns], { input })
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(await contents(server.command), {
    'i:b:1': 'x',
    'i:b:2': 'y',
    'i:e:x': '1',
    'i:e:y': '2'
  })
  // Spaces around names count on neither side.
  const spaced = ['--columns', ' botmaticId = id , extId= crm_id']
  const padded = input.replace('id;', ' id ;')
  assert.equal((await keyStore(['import', '-', ...options, ...spaced], { input: padded })).code, 0)
  const twice = input.replace('name', 'id')
  const two = await keyStore(['import', '-', ...options, ...columns], { input: twice })
  assert.deepEqual([two.code, /two columns "id"/.test(two.stderr)], [2, true])
  const unnamed = await keyStore(['import', '-', ...options], { input })
  assert.equal(unnamed.code, 2)
  assert.match(unnamed.stderr, /"id", "crm_id", "name"/)
  const wide = await keyStore(['import', '-', '--no-check'], {
    input: Buffer.from('\ufeff{}', 'utf16le')
  })
  assert.deepEqual([wide.code, /UTF-16/.test(wide.stderr)], [2, true])
})

test('only the integrations that are named are taken', async () => {
  const input = ndjson('a', 1, 'x') + ndjson('b', 1, 'x') + ndjson('c', 1, 'x')
  await keyStore(['import', '-', '--no-check', '--integration', 'a', '--integration', 'c'], {
    input
  })
  assert.deepEqual(Object.keys(await contents(server.command)), [
    'a:b:1',
    'a:e:x',
    'c:b:1',
    'c:e:x'
  ])
  const { stdout } = await keyStore(['export', '-', '--integration', 'c'])
  assert.equal(stdout.split('\n')[0], ndjson('c', '1', 'x').trim())
})
