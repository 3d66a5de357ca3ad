/** Moves pairs from files into stores and back, in all formats; for `moves.test.js` and `long/moves.js`. */

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { before, describe, test } = require('node:test')
const { pipeline } = require('node:stream/promises')
const { createGunzip } = require('node:zlib')
const { awkwardPair } = require('./awkward')
const { randomFrom } = require('../../__test__/support/random')
const { useServer } = require('../../__test__/support/redis')
const { useCluster } = require('../../__test__/support/topologies')
const { measured } = require('./measured')
const { collect, ndjson, start, useFolder } = require('./support')

/** Resident at most, in MB. */
const MOST = 150
/** Of each million pairs more, of which walks keep some bytes, see docs/bulk.md. */
const MILLION = 7
/** Of a store in this process: changes that are not in its tables yet, see docs/embedded.md. */
const EMBEDDED = 32
/** How often an import is killed. */
const KILLS = 4

const flush = (nodes) => Promise.all(nodes.map(({ command }) => command('flushall')))

/** Where pairs are kept: each gives the address of an empty store, and what was in the last one is gone. */
const PLACES = {
  'a server': () => {
    const server = useServer()
    return async () => {
      await flush([server])
      return server.url
    }
  },
  'a cluster': () => {
    const cluster = useCluster([], { replicas: 0 })
    return async () => {
      await flush(cluster.masters)
      return `redis-cluster://127.0.0.1:${cluster.ports[0]}`
    }
  },
  'a file': (folder) => {
    let number = 0
    return () => {
      fs.rmSync(folder.file(`${number}.redb`), { force: true })
      return `file:${folder.file(`${++number}.redb`)}`
    }
  }
}

/** The checksum of what is in a file, unpacked. */
const sha256 = async (file) => {
  const hash = createHash('sha256')
  const unpacked = file.endsWith('.gz') ? [createGunzip()] : []
  await pipeline(fs.createReadStream(file), ...unpacked, hash)
  return hash.digest('hex')
}

/** Writes a file of pairs in their order; gives the checksum of its lines once they are sorted. */
const writePairs = (file, count) => {
  const lines = Array.from({ length: count }, (_, n) => ndjson(...awkwardPair(n)))
  const output = fs.openSync(file, 'w')
  for (let at = 0; at < count; at += 1_000) {
    fs.writeSync(output, lines.slice(at, at + 1_000).join(''))
  }
  fs.closeSync(output)
  const hash = createHash('sha256')
  for (const line of lines.sort()) hash.update(line)
  return hash.digest('hex')
}

/** Resolves once an import has come so far by its resume file, or has ended. */
const reaches = async (count, resume, child) => {
  const saved = () => {
    try {
      return JSON.parse(fs.readFileSync(resume, 'utf8')).counts.saved
    } catch {
      // There is none yet, or none any more.
      return 0
    }
  }
  while (child.exitCode === null && saved() < count) await new Promise(setImmediate)
}

/**
 * Declares the tests.
 * @param {number} count of pairs
 * @param {object} [options]
 * @param {string[]} [options.slowly] arguments of imports that are to be killed
 * @param {(text: string) => void} [options.tell] hears of the time and memory of each step
 */
const moves = (count, { slowly = [], tell = () => {} } = {}) => {
  const folder = useFolder()
  const file = (name) => folder.file(`pairs.${name}`)
  let source
  let expected

  before(() => {
    source = file('source.ndjson')
    expected = writePairs(source, count)
  })

  /** Runs a command to its end, which is to be a good one. */
  const step = async (...args) => {
    const more = MILLION * Math.max(0, count / 1_000_000 - 1)
    const limit = MOST + more + (args.some((arg) => arg.startsWith('file:')) ? EMBEDDED : 0)
    const { code, stdout, stderr, seconds, most } = await measured(folder, [...args, '--json'])
    assert.equal(code, 0, stderr)
    const name = fs.existsSync(args[1]) ? path.basename(args[1]) : ''
    tell(
      `${seconds.toFixed(1).padStart(7)} s ${most.toFixed(0).padStart(5)} MB  ${args[0]} ${name}`
    )
    assert.ok(most <= limit, `${args[0]}: ${most} MB were resident`)
    return JSON.parse(stdout)
  }

  for (const [name, use] of Object.entries(PLACES)) {
    describe(name, () => {
      const fresh = use(folder)
      before(() => tell(name))

      test('export, import, export: the same bytes, in each format', async () => {
        const written = {}
        let from = source
        // The first and the last are of one format.
        for (const format of ['ndjson', 'csv', 'ndjson.gz', 'csv.gz', 'ndjson']) {
          const url = await fresh()
          const check = from === source ? ['--no-check'] : []
          const { saved } = await step('import', from, ...check, '--url', url)
          assert.equal(saved, count)
          from = file(format)
          const { pairs } = await step('export', from, '--all', '--url', url)
          assert.equal(pairs, count)
          const [kind] = format.split('.')
          const sum = await sha256(from)
          assert.equal(sum, (written[kind] ??= sum), format)
        }
        const last = fs.readFileSync(from).subarray(-200).toString().trimEnd().split('\n').pop()
        assert.deepEqual(JSON.parse(last), { end: { pairs: count, sha256: expected } })
      })

      test('an import that is killed and resumed comes to what one in one go does', async () => {
        const url = await fresh()
        const at = (prefix) => ['--url', url, '--key-prefix', prefix]
        await step('import', source, '--no-check', ...at('whole:'))
        const resume = folder.file('resume')
        const args = ['import', source, '--no-check', '--resume', resume, ...at('resumed:')]
        const { next } = randomFrom(Number(process.env.SEED ?? count))
        let kills = 0
        for (let n = 1; n <= KILLS; n++) {
          const child = start([...args, ...slowly])
          const ended = collect(child)
          await reaches(((n - next()) / (KILLS + 1)) * count, resume, child)
          child.kill('SIGKILL')
          if ((await ended).signal === 'SIGKILL') kills++
        }
        assert.ok(kills >= 2, `${kills} kills`)
        const { saved } = await step(...args)
        assert.equal(saved, count)
        const prefixes = ['--from-key-prefix', 'whole:', '--to-key-prefix', 'resumed:']
        const { same, from, to } = await step('verify', url, url, '--full', ...prefixes)
        assert.deepEqual([same, from, to], [count, count, count])
        const { missing, disagreeing } = await step('verify', '--all', ...at('resumed:'))
        assert.deepEqual([missing, disagreeing], [0, 0])
      })
    })
  }
}

module.exports = { moves }
