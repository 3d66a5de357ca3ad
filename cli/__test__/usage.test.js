/** Wrong usage is told before anything is done, and secrets are never seen. */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { describe, test } = require('node:test')
const { useServer } = require('../../__test__/support/redis')
const { collect, run, start, useFolder } = require('./support')

const folder = useFolder()
const URL = 'redis://127.0.0.1:1'

describe('exit code 2', () => {
  const cases = {
    'an unknown command': [['imprt'], /Did you mean import/],
    'no command': [[], /Usage/],
    'an unknown option': [['count', '--al'], /unknown option/],
    'a missing argument': [['set', '1'], /missing required argument/],
    'a number that is none': [['import', 'x', '--batch', 'many'], /whole number/],
    'no store': [['count'], /KEY_STORE_URL/],
    'an address of another kind': [['count', '--url', 'http://host'], /redis:\/\//],
    'no integration': [['get', '--url', URL, '--ext-id', '1'], /--integration/],
    'neither id': [['get', '--url', URL, '--integration', 'i'], /--botmatic-id/],
    'two choices of integrations': [
      ['count', '--url', URL, '--all', '--integration', 'i'],
      /one of them/
    ],
    'a file that is not there': [
      ['import', '--url', URL, 'nowhere.ndjson'],
      /nowhere.ndjson cannot be read/
    ],
    'one address': [['verify', URL], /two addresses/],
    'a column that is none': [
      ['import', '-', '--url', URL, '--format', 'csv', '--columns', 'a'],
      /"a" is none/
    ],
    'CSV options of NDJSON': [['import', '-', '--url', URL, '--columns', 'extId'], /--format csv/],
    'compact of a Redis': [['compact', '--url', URL], /file:/],
    'help with what is no command': [['help', 'imprt'], /no command "imprt"/],
    'an empty id': [['set', '', 'x', '--integration', 'i', '--url', URL], /empty; name an id/],
    'an empty id to look for': [
      ['get', '--ext-id', '', '--integration', 'i', '--url', URL],
      /empty; name an id/
    ],
    'an empty file': [['export', '', '--url', URL], /empty; name a file/],
    'an empty file of an option': [['copy', URL, URL, '--resume', ''], /empty; name a file/],
    'a file under a file': [
      ['export', `${__filename}/x`, '--url', URL],
      /x.part cannot be written/
    ],
    'rejects under a file': [
      ['import', '-', '--url', URL, '--rejects', `${__filename}/x`],
      /--rejects: .*x cannot be written/
    ],
    'an option of one store, with two': [
      ['verify', URL, URL, '--password-file', __filename],
      /--password-file is for one store/
    ],
    'an address beside two': [['verify', URL, URL, '--url', URL], /--url is for one store/],
    'an option of two stores, with one': [
      ['verify', '--url', URL, '--to-key-prefix', 'x'],
      /--to-key-prefix is for two stores/
    ],
    'integrations in a CSV file that does not name them': [
      ['export', 'x.csv', '--url', URL, '--columns', 'botmaticId,extId'],
      /is for one integration/
    ]
  }
  for (const [name, [args, message]] of Object.entries(cases)) {
    test(name, async () => {
      const { code, stderr } = await run(args)
      assert.match(stderr, message)
      assert.equal(code, 2)
    })
  }
})

test('help and version are no errors, and help has examples', async () => {
  assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  const { code, stdout } = await run(['import', '--help'])
  assert.equal(code, 0)
  assert.match(stdout, /Examples:\n {2}key-store import/)
})

describe('a password', () => {
  const PASSWORD = 'pa55word'
  const server = useServer({
    args: ['--requirepass', PASSWORD],
    prepare: (own) => own.command('auth', PASSWORD)
  })

  test('comes from the environment or a file', async () => {
    const file = folder.write('password', `${PASSWORD}\n`)
    const given = ['count', '--url', server.url]
    for (const [args, env] of [
      [given, { KEY_STORE_PASSWORD: PASSWORD }],
      [[...given, '--password-file', file], {}]
    ]) {
      const { code, stdout, stderr } = await run(args, { env })
      assert.deepEqual([code, stdout, stderr], [0, '0\n', ''])
    }
  })

  test('is printed nowhere, and seen in no list of processes', async () => {
    const url = server.url.replace('//', `//:${PASSWORD}@`)
    const refused = await run(['count', '--url', server.url, '--timeout', '2'], {
      env: { KEY_STORE_PASSWORD: `${PASSWORD}-wrong` }
    })
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, /password/)
    assert.ok(!refused.stderr.includes(PASSWORD))
    const child = start([
      'import',
      '-',
      '--no-check',
      '--url',
      url,
      '--integration',
      'secret-token'
    ])
    const ended = collect(child, undefined)
    const warned = await ended
    assert.equal(warned.code, 0)
    assert.match(warned.stderr, /KEY_STORE_PASSWORD/)
    assert.ok(!warned.stderr.includes(PASSWORD))
  })

  test('in an argument is gone from there at once', {
    skip: process.platform !== 'linux'
  }, async () => {
    const url = server.url.replace('//', `//:${PASSWORD}@`)
    const child = start([
      'import',
      '-',
      '--no-check',
      '--url',
      url,
      '--integration',
      'secret-token'
    ])
    const exited = new Promise((resolve) => child.once('close', resolve))
    // The warning comes after the arguments are hidden.
    await new Promise((resolve) => child.stderr.once('data', resolve))
    const shown = fs.readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
    child.stdin.end()
    child.stdout.resume()
    await exited
    assert.ok(!/pa55word|secret-token/.test(shown), shown)
    assert.match(shown, /^key-store/)
  })
})

test('a password in an address that is no argument is not shown', async () => {
  for (const args of [
    ['redis://:S3cret@host'],
    ['count', 'redis://user:S3cret@host/1'],
    ['count', '--rl=redis://:S3cret@host']
  ]) {
    const { code, stderr } = await run(args)
    assert.equal(code, 2)
    assert.doesNotMatch(stderr, /S3cret/)
  }
})
