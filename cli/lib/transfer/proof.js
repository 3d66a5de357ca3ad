/** Whether a store has what was saved in it: each pair is looked up by both of its ids. */

/** Differences that later pairs may explain. */
const MOST = 100_000

class Proof {
  #target
  /** By id: what was found instead of the pair's other id. */
  #odd = new Map()
  #lost = 0

  /** @param {import('../store/store').Store} target */
  constructor(target) {
    this.#target = target
  }

  /** How many halves are not what was saved last. */
  get count() {
    return this.#odd.size + this.#lost
  }

  /** Looks pairs up, which were saved and come in the order of the source. */
  async check({ integrationId, pairs }) {
    if (pairs.length === 0) return
    const { store } = this.#target
    const botmaticIds = pairs.map(([botmaticId]) => botmaticId)
    const extIds = pairs.map(([, extId]) => extId)
    const [foundExts, foundBotmatics] = await Promise.all([
      store.getExtIds(integrationId, botmaticIds),
      store.getBotmaticIds(integrationId, extIds)
    ])
    for (const [n, [botmaticId, extId]] of pairs.entries()) {
      this.#compare(`${integrationId}:b:${botmaticId}`, extId, foundExts[n])
      this.#compare(`${integrationId}:e:${extId}`, botmaticId, foundBotmatics[n])
    }
  }

  #compare(key, expected, found) {
    if (found === expected) {
      // It was saved again, later in the source; an earlier look-up saw that already.
      if (this.#odd.size > 0) this.#odd.delete(key)
    } else if (this.#odd.size < MOST) this.#odd.set(key, found)
    else this.#lost++
  }
}

module.exports = { Proof }
