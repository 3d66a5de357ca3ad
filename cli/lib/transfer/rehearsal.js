/** What a store would have, if pairs were saved in it: they are kept in a temporary file. */

const fs = require('node:fs')
const path = require('node:path')
const createKeyStore = require('js-redis-key-store')
const { temporaryFolder } = require('../files/temporary')

class Rehearsal {
  #real
  #own

  /** @param {import('../store/store').Store} target which is only read */
  constructor({ store, file }) {
    // A file that is not there is not made.
    if (file === undefined || fs.existsSync(file)) this.#real = store
    this.#own = createKeyStore(`file:${path.join(temporaryFolder(), 'ids.redb')}`, {
      strict: true,
      durability: 'eventual',
      cacheSize: 4
    })
  }

  getExtIds(integrationId, ids) {
    return this.#found('getExtIds', integrationId, ids)
  }

  getBotmaticIds(integrationId, ids) {
    return this.#found('getBotmaticIds', integrationId, ids)
  }

  saveAllIds(integrationId, pairs) {
    return this.#own.saveAllIds(integrationId, pairs)
  }

  async #found(name, integrationId, ids) {
    const [own, real] = await Promise.all([
      this.#own[name](integrationId, ids),
      this.#real?.[name](integrationId, ids)
    ])
    return own.map((id, n) => id ?? real?.[n] ?? null)
  }
}

module.exports = { Rehearsal }
