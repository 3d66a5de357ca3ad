/**
 * `npm run demo`: imports the contacts of an external service, then replays a day of events, on
 * the Redis that REDIS_URL names or on one of its own.
 */

const path = require('node:path')
const { promisify } = require('node:util')
const { SingleBar, Presets } = require('cli-progress')
const { createClient } = require('redis2')
const createOriginal = require('@botmatic/js-redis-key-store')
const createKeyStore = require('..')
const { startRedis } = require('../scripts/redis')
const { importContacts, readContacts } = require('./import')
const { listeners, readEvents } = require('./listeners')
const { RATE_TOKEN, rates } = require('./rate')
const { screen } = require('./screen')

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

/** A client of Redis, for what the store does not tell. */
const connect = (url) => {
  const client = createClient(url)
  client.on('error', () => {})
  return {
    client,
    get: promisify(client.get).bind(client),
    info: promisify(client.info).bind(client)
  }
}

const serverOf = async ({ info }) => {
  const text = await info('server')
  const field = (name) => new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1].trim()
  const valkey = field('valkey_version')
  return valkey ? `Valkey ${valkey}` : `Redis ${field('redis_version')}`
}

/** The keys of a pair, and what they hold. */
const keysOf = ({ get }, botmaticId, extId) =>
  Promise.all(
    [`${TOKEN}:b:${botmaticId}`, `${TOKEN}:e:${extId}`].map(async (key) => [key, await get(key)])
  )

const run = async (url) => {
  const contacts = readContacts(data('contacts.csv'))
  const events = readEvents(data('events.jsonl'))
  // js-contact deletes contacts that it has no external id of, too: with `null`, which is no id.
  const onError = ({ code, message }) => code === 'NOID' || console.error(`\n${message}`)
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
  let started = performance.now()

  bar.start(contacts.length, 0, { task: 'import' })
  await importContacts(keyStore, TOKEN, contacts, FIRST_ID, (count) => bar.increment(count))
  bar.stop()

  const imported = performance.now()
  const asked = connect(url)
  const firstExtId = await redis.getExtId(TOKEN, FIRST_ID)
  const pair = await keysOf(asked, FIRST_ID, firstExtId)
  started += performance.now() - imported

  const on = listeners(keyStore, TOKEN)
  bar.start(events.length, 0, { task: 'events' })
  for (const event of events) {
    await on[event.event](event)
    bar.increment()
  }
  bar.stop()

  const milliseconds = performance.now() - started
  const server = await serverOf(asked)
  const original = await rates(createOriginal(asked.client))
  await redis.deleteAllIds(RATE_TOKEN)
  const own = await rates(redis)
  await redis.deleteAllIds(RATE_TOKEN)
  asked.client.quit()
  const isNative = redis.native
  await redis.quit()
  console.log(screen({ server, isNative, milliseconds, counts, pair, original, own }))
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
