/** On a terminal: a bar, questions, colours; in a pipe none of it. */

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const { before, describe, test } = require('node:test')
const { gzipSync } = require('node:zlib')
const { useServer } = require('../../__test__/support/redis')
const { PROGRAM, ndjson, run, runOnTerminal, useFolder } = require('./support')

const server = useServer()
const folder = useFolder()
const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0

const env = () => ({ KEY_STORE_URL: server.url })

before(() => {
  const lines = Array.from({ length: 20_000 }, (_, n) => ndjson('i', n, `e${n}`))
  lines[5_000] = 'no pair\n'
  folder.write('pairs.ndjson', lines.join(''))
  folder.write('packed.gz', gzipSync(lines.join('')))
  lines.splice(5_000, 1)
  const sha256 = createHash('sha256').update(lines.join('')).digest('hex')
  lines.push(`${JSON.stringify({ end: { pairs: lines.length, sha256 } })}\n`)
  folder.write('export.gz', gzipSync(lines.join('')))
})

const importFile = () => ['import', folder.file('pairs.ndjson'), '--no-check', '--rate', '20000']

describe('a terminal', { skip: !HAS_SCRIPT }, () => {
  test('shows a bar that moves to its end, and errors above it', async () => {
    const { code, screen } = await runOnTerminal(importFile(), { env: env() })
    assert.equal(code, 1)
    const parts = [...screen.matchAll(/(\d+) %, ([\d,]+) pairs imported, [\d,]+\/s, .*? left/g)]
    assert.ok(parts.length >= 3, screen)
    for (const [, part, pairs] of parts) {
      // What it shows is done.
      assert.ok(Number(part) <= Number(pairs.replaceAll(',', '')) / 199 + 1, `${part} %, ${pairs}`)
    }
    assert.match(screen, /█/)
    assert.match(screen, /33mkey-store:.{0,2}\[39m line 5001: it is no JSON/)
    assert.match(screen, /imported 19,999 pairs in \d+ s, 1 rejected/)
  })

  const importPacked = async (name, ...options) => {
    const args = ['import', folder.file(name), ...options, '--rate', '20000']
    return (await runOnTerminal(args, { env: env() })).screen
  }

  test('shows no part of packed data whose size is not known', async () => {
    assert.doesNotMatch(await importPacked('packed.gz', '--no-check'), / %/)
  })

  for (const [name, ...options] of [['pairs.ndjson', '--no-check'], ['export.gz']]) {
    test(`shows a bar that never goes back: ${name}`, async () => {
      const screen = await importPacked(name, ...options)
      const parts = [...screen.matchAll(/(\d+) %, /g)].map(([, part]) => Number(part))
      assert.ok(parts.length >= 3 && new Set(parts).size >= 3, screen)
      assert.deepEqual(
        parts,
        parts.toSorted((a, b) => a - b)
      )
      assert.equal(parts.at(-1), 100)
    })
  }

  test('is asked before something is deleted', async () => {
    await run(['set', '--integration', 'gone', '1', 'x'], { env: env() })
    const args = ['delete', '--integration', 'gone', '--all']
    const question = /Delete all pairs of integration "gone".*\[y\/N\]/
    const no = await runOnTerminal(args, { env: env(), keys: [[question, '\r']] })
    assert.deepEqual([no.code, /nothing was done/.test(no.screen)], [3, true])
    assert.equal(await server.command('get', 'gone:b:1'), 'x')
    const yes = await runOnTerminal(args, { env: env(), keys: [[question, 'y\r']] })
    assert.equal(yes.code, 0, yes.screen)
    assert.equal(await server.command('get', 'gone:b:1'), null)
  })

  test('^D is no yes', async () => {
    await server.command('mset', 'kept:b:1', 'x', 'kept:e:x', '1')
    const args = ['delete', '--integration', 'kept', '--all', '--url', server.url]
    const { code, screen } = await runOnTerminal(args, { keys: [[/y\/N/, '\x04']] })
    assert.equal(code, 3)
    assert.match(screen, /nothing was done/)
    assert.doesNotMatch(screen, /fault of key-store/)
    assert.equal(await server.command('get', 'kept:b:1'), 'x')
  })

  test('has no colours with NO_COLOR', async () => {
    const { screen } = await runOnTerminal(['count', '--url', 'http://x'], {
      env: { NO_COLOR: '1' }
    })
    assert.match(screen, /^key-store: /m)
    assert.ok(!screen.includes('\u001b[31m'))
  })

  test('^C ends it', async () => {
    const keys = [[/\d pairs imported/, '\u0003']]
    const args = ['import', folder.file('pairs.ndjson'), '--no-check', '--rate', '2000']
    const { code, screen } = await runOnTerminal(args, { env: env(), keys })
    assert.equal(code, 3, screen)
    assert.match(screen, /ended by SIGINT/)
  })
})

test('a pipe gets lines, and --quiet nothing but what is wrong', async () => {
  const log = await run([...importFile(), '--progress', 'log'], { env: env() })
  assert.ok(!/[█\r]|\[\d/.test(`${log.stdout}${log.stderr}`))
  const quiet = await run([...importFile(), '--quiet'], { env: env() })
  assert.deepEqual([quiet.code, quiet.stdout], [1, ''])
  assert.match(quiet.stderr, /^key-store: line 5001: it is no JSON\n$/)
})

describe('made from the definitions', () => {
  test('the manual page, which is in the package', async () => {
    const fs = require('node:fs')
    const path = require('node:path')
    const { code, stdout } = await run(['man'])
    assert.equal(code, 0)
    const kept = fs.readFileSync(path.join(__dirname, '..', 'man', 'key-store.1'), 'utf8')
    assert.equal(stdout, kept, 'node cli/bin/key-store.js man > cli/man/key-store.1')
    const groff = spawnSync('groff', ['-man', '-Tutf8', '-P-cbou', '-ww', '-K', 'utf8'], {
      input: stdout,
      encoding: 'utf8'
    })
    if (groff.error) return
    assert.equal(groff.stderr, '')
    assert.match(groff.stdout, /EXIT STATUS/)
  })

  test('completion', async () => {
    const { stdout } = await run(['completion', 'bash'])
    const complete = (...words) => {
      const line = words.map((word) => `'${word}'`).join(' ')
      const text = `${stdout}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _key_store; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout: replies, stderr } = spawnSync('bash', ['-c', text], {
        encoding: 'utf8',
        cwd: folder.path
      })
      assert.equal(stderr, '')
      return replies.trim().split('\n')
    }
    assert.deepEqual(complete('key-store', 'i'), ['integrations', 'import'])
    assert.deepEqual(complete('key-store', '--'), ['--help', '--version'])
    assert.deepEqual(complete('key-store', 'get', '--h'), ['--help'])
    assert.deepEqual(complete('key-store', 'import', '--on'), ['--on-conflict'])
    assert.deepEqual(complete('key-store', 'import', '--on-conflict', ''), [
      'fail',
      'skip',
      'replace'
    ])
    assert.deepEqual(complete('key-store', 'import', 'pai'), ['pairs.ndjson'])
    for (const shell of ['zsh', 'fish']) {
      const script = (await run(['completion', shell])).stdout
      assert.match(script, /on-conflict/)
      if (spawnSync(shell, ['-c', 'true']).status === 0) {
        const file = folder.write(`completion.${shell}`, script)
        const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
        assert.deepEqual([status, stderr], [0, ''])
      }
    }
    assert.equal(PROGRAM.endsWith('key-store.js'), true)
  })
})
