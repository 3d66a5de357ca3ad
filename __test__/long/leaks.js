/** Every kind of call, so often that what each leaves behind shows when the process ends; see scripts/sanitize.js. */

const createKeyStore = require('../..')
const redis = require('ioredis5')
const { startRedis } = require('../../scripts/redis')

const ROUNDS = 20_000

const load = async (store) => {
  for (let n = 0; n < ROUNDS; n++) {
    await Promise.all([
      store.saveIds('i', n, `x${n}`),
      store.getBotmaticId('i', `x${n}`),
      store.getExtId('i', n),
      store.deleteIds('i', n, `x${n}`),
      store.saveIds('i', '', 'no id')
    ])
  }
  await store.deleteAllIds('i')
}

const main = async () => {
  const server = await startRedis()
  for (const client of [server.url, new redis(server.url)]) {
    const store = createKeyStore(client)
    if (!store.native) throw new Error('no binary was loaded')
    await load(store)
    await store.quit()
  }
  await server.stop()
}

main()
