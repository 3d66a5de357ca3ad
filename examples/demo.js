/**
 * `npm run demo`: imports the contacts of an external service, then replays a day of events. The pairs are in
 * a file of its own; with `-- --redis` in a Redis of its own, or in that which REDIS_URL names.
 */

const fs = require('node:fs')
const os = require('node:os')

const path = require('node:path')
const { promisify } = require('node:util')
const { SingleBar, Presets } = require('cli-progress')
const { createClient } = require('redis2')
const createOriginal = require('@botmatic/js-redis-key-store')
const createKeyStore = require('..')
const { aptInstall } = require('../scripts/apt')
const { findProgram, startRedis } = require('../scripts/redis')
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

/** A client of Redis, for what a store in it does not tell. */
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

/** What is shown of a store in Redis: the server, one pair as it is there, and how fast the original is. */
const lookAtRedis = async (url, botmaticId, extId) => {
  const asked = connect(url)
  const keys = [`${TOKEN}:b:${botmaticId}`, `${TOKEN}:e:${extId}`]
  const pair = await Promise.all(keys.map(async (key) => [key, await asked.get(key)]))
  const server = await serverOf(asked)
  const original = await rates(createOriginal(asked.client))
  asked.client.quit()
  return { place: `Server: ${server}`, pair, original }
}

/** What is shown of a store in a file. */
const lookAtFile = (file) => ({ place: `File: ${file}, ${fs.statSync(file).size} bytes` })

const run = async (url, file) => {
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
  const keys = createKeyStore(url, { onError, readTimeout: 5_000, writeTimeout: 5_000 })
  const keyStore = counted(keys, counts)
  // What an earlier demo on the same server may have left.
  if (!(await keys.deleteAllIds(TOKEN)))
    throw new Error(`${file ?? 'the Redis server'} is of no use, see above`)

  const format = '{task} |{bar}| {value}/{total}'
  const bar = new SingleBar({ format, noTTYOutput: true, notTTYSchedule: 500 }, Presets.rect)
  let started = performance.now()

  bar.start(contacts.length, 0, { task: 'import' })
  await importContacts(keyStore, TOKEN, contacts, FIRST_ID, (count) => bar.increment(count))
  bar.stop()

  const imported = performance.now()
  const firstExtId = await keys.getExtId(TOKEN, FIRST_ID)
  const look = file ? lookAtFile(file) : await lookAtRedis(url, FIRST_ID, firstExtId)
  started += performance.now() - imported

  const on = listeners(keyStore, TOKEN)
  bar.start(events.length, 0, { task: 'events' })
  for (const event of events) {
    await on[event.event](event)
    bar.increment()
  }
  bar.stop()

  const milliseconds = performance.now() - started
  await keys.deleteAllIds(RATE_TOKEN)
  const own = await rates(keys)
  await keys.deleteAllIds(RATE_TOKEN)
  const isNative = keys.native
  await keys.quit()
  console.log(screen({ ...look, isNative, milliseconds, counts, own }))
}

const runOnFile = async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-demo-'))
  const file = path.join(folder, 'ids.redb')
  try {
    await run(`file:${file}`, file)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const main = async () => {
  const { REDIS_URL } = process.env
  if (REDIS_URL) return run(REDIS_URL)
  if (!process.argv.includes('--redis')) return runOnFile()
  if (!findProgram()) aptInstall('redis-server')
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
