/**
 * The store in a file beside other embedded stores, with the same pairs and all on the disk before it is
 * answered. The folder is that of the working directory, since another one may be on a disk that does not sync.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { summary } = require('../summary')

/** Apart from the other packages, since some have to be compiled where there is no binary for the platform. */
const install = () => {
  if (fs.existsSync(path.join(__dirname, 'node_modules', 'better-sqlite3'))) return
  // Where no binary is to be had, headers that are here already spare a download.
  const own = path.join(process.execPath, '..', '..')
  const hasHeaders = fs.existsSync(path.join(own, 'include', 'node', 'node_api.h'))
  const env = { ...process.env, ...(hasHeaders && { npm_config_nodedir: own }) }
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const { status } = spawnSync('npm', args, { cwd: __dirname, env, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm install failed, see above')
}

/** By how many pairs are saved in one go, how many times. */
const SAVES = { 1: 1_000, 64: 300, 1024: 60 }
const FINDS = 256
const FOUND = 200
const DELETED = 100_000

const pairOf = (n) => [String(n), `ext-${n}`]
const range = (from, count) => Array.from({ length: count }, (_, n) => pairOf(from + n))

const timed = async (work) => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** What a contender comes to: saves and lookups a second, ms of a deletion, bytes a pair. */
const measure = async (create) => {
  const folder = fs.mkdtempSync(path.join(process.cwd(), 'bench-embedded-'))
  const contender = create(folder)
  const figures = {}
  let saved = 0
  try {
    await contender.save([pairOf(-1)])
    for (const [size, all] of Object.entries(SAVES)) {
      const times = Math.ceil(all * (contender.share ?? 1))
      const seconds = await timed(async () => {
        for (let n = 0; n < times; n++) {
          await contender.save(range(saved, Number(size)))
          saved += Number(size)
        }
      })
      figures[`saves, ${size} in one go`] = (Number(size) * times) / seconds
    }
    while (contender.deleteAll && saved < DELETED) {
      await contender.save(range(saved, 1024))
      saved += 1024
    }
    const ids = Array.from({ length: FINDS }, (_, n) => String((n * 7919) % saved))
    const seconds = await timed(async () => {
      for (let n = 0; n < FOUND; n++) await contender.find(ids)
    })
    figures[`lookups, ${FINDS} in one go`] = (FINDS * FOUND) / seconds
    const single = await timed(async () => {
      for (const id of ids) await contender.find([id])
    })
    figures['lookups, one after the other'] = FINDS / single
    if (contender.deleteAll) {
      figures['deletions of 100,000 pairs'] = 1 / (await timed(() => contender.deleteAll()))
    }
  } finally {
    await contender.close()
    fs.rmSync(folder, { recursive: true })
  }
  return figures
}

/** Calls a second of each contender in each figure, in turn; calls `advance` after each round. */
const compareEmbedded = async (rounds, advance) => {
  install()
  const { CONTENDERS } = require('./contenders')
  const runs = new Map(Object.keys(CONTENDERS).map((name) => [name, []]))
  for (let n = 0; n < rounds; n++) {
    for (const [name, create] of Object.entries(CONTENDERS))
      runs.get(name).push(await measure(create))
    advance()
  }
  return [...runs].flatMap(([contender, done]) =>
    Object.entries(summary(done)).map(([workload, rate]) => ({
      setting: 'embedded',
      contender,
      workload,
      rate
    }))
  )
}

module.exports = { compareEmbedded }
