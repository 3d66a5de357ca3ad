/**
 * `npm run demo`: imports the contacts of an external service, then replays a day of events, on
 * the Redis that REDIS_URL names or on one of its own.
 */

const path = require('node:path')
const { SingleBar, Presets } = require('cli-progress')
const Table = require('cli-table3')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { importContacts, readContacts } = require('./import')
const { listeners, readEvents } = require('./listeners')

const TOKEN = 'demo-integration-4f1c'
const FIRST_ID = 5000

const data = (name) => path.join(__dirname, 'data', name)

/** The store, counting what its calls come to. */
const counted = (keyStore, counts) => {
  const count = (name, by = 1) => {
    counts[name] += by
    counts.calls++
  }
  return {
    saveIds: async (...args) => {
      const saved = await keyStore.saveIds(...args)
      count('saved', Number(saved))
      return saved
    },
    getExtId: async (...args) => {
      const id = await keyStore.getExtId(...args)
      count(id === null ? 'missed' : 'hit')
      return id
    },
    deleteIds: async (...args) => {
      const deleted = await keyStore.deleteIds(...args)
      count('deleted', Number(deleted))
      return deleted
    },
    deleteAllIds: async (...args) => {
      const deleted = await keyStore.deleteAllIds(...args)
      const left = counts.saved - counts.deleted
      count('uninstalled', deleted ? left : 0)
      return deleted
    }
  }
}

const table = (counts, seconds) => {
  const rows = new Table({ colAligns: ['left', 'right'], style: { border: [] } })
  rows.push(
    ['pairs saved', counts.saved],
    ['lookups that hit', counts.hit],
    ['lookups that missed', counts.missed],
    ['pairs deleted one by one', counts.deleted],
    ['pairs deleted by the uninstall', counts.uninstalled],
    ['time', `${(seconds * 1000).toFixed(0)} ms`],
    ['calls a second', Math.round(counts.calls / seconds)]
  )
  return rows.toString()
}

const run = async (url) => {
  const contacts = readContacts(data('contacts.csv'))
  const events = readEvents(data('events.jsonl'))
  const onError = (error) => console.error(`\n${error.message}`)
  const counts = {
    saved: 0,
    hit: 0,
    missed: 0,
    deleted: 0,
    uninstalled: 0,
    calls: 0
  }
  const redis = createKeyStore(url, { onError, readTimeout: 5_000, writeTimeout: 5_000 })
  const keyStore = counted(redis, counts)
  // What an earlier demo on the same server may have left.
  if (!(await redis.deleteAllIds(TOKEN)))
    throw new Error('the Redis server is of no use, see above')

  const format = '{task} |{bar}| {value}/{total}'
  const bar = new SingleBar({ format, noTTYOutput: true, notTTYSchedule: 500 }, Presets.rect)
  const started = performance.now()

  bar.start(contacts.length, 0, { task: 'import' })
  await importContacts(keyStore, TOKEN, contacts, FIRST_ID, (count) => bar.increment(count))
  bar.stop()

  const on = listeners(keyStore, TOKEN)
  bar.start(events.length, 0, { task: 'events' })
  for (const event of events) {
    await on[event.event](event)
    bar.increment()
  }
  bar.stop()

  const seconds = (performance.now() - started) / 1000
  await redis.quit()
  console.log(table(counts, seconds))
}

const main = async () => {
  const { REDIS_URL } = process.env
  if (REDIS_URL) return run(REDIS_URL)
  const server = await startRedis()
  try {
    await run(server.url)
  } finally {
    await server.stop()
  }
}

main().catch((error) => {
  console.error(`demo: ${error.message}`)
  process.exitCode = 1
})
