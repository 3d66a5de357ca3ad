/** Pairs beside what a store has under their ids. */

const part = ({ integrationId }) => ({ integrationId, pairs: [], lines: [], texts: [] })

class Conflicts {
  #store
  #isReplaced
  /** What earlier pairs of the same group are to come to. */
  #extIds = new Map()
  #botmaticIds = new Map()

  /**
   * @param {object} store whose `getExtIds` and `getBotmaticIds` tell what is there
   * @param {boolean} isReplaced whether pairs that conflict are saved all the same
   */
  constructor(store, isReplaced) {
    this.#store = store
    this.#isReplaced = isReplaced
  }

  /**
   * Sorts a group out: the pairs that are `there`, those that are `fresh`, and the `conflicts`, which are told
   * as rejected lines are. A pair conflicts when one of its ids has another partner; two botmatic ids on
   * one external id are none once both are there.
   */
  async find(group) {
    const { integrationId, pairs, lines, texts } = group
    const [extIds, botmaticIds] = await Promise.all([
      this.#store.getExtIds(
        integrationId,
        pairs.map(([botmaticId]) => botmaticId)
      ),
      this.#store.getBotmaticIds(
        integrationId,
        pairs.map(([, extId]) => extId)
      )
    ])
    const found = { there: part(group), fresh: part(group), conflicts: [] }
    for (const [n, pair] of pairs.entries()) {
      const [botmaticId, extId] = pair
      const knownExt = this.#extIds.get(botmaticId) ?? extIds[n]
      const knownBotmatic = this.#botmaticIds.get(extId) ?? botmaticIds[n]
      const isThere = knownExt === extId && knownBotmatic !== null
      const isTaken =
        (knownExt !== null && knownExt !== extId) ||
        (knownBotmatic !== null && knownBotmatic !== botmaticId)
      if (isTaken && !isThere) {
        const reason =
          knownExt !== null && knownExt !== extId
            ? 'its botmaticId has another extId in the store'
            : 'its extId has another botmaticId in the store'
        found.conflicts.push({ line: lines[n], reason, text: texts[n], pair, integrationId })
        if (this.#isReplaced) this.#come(pair, botmaticId)
        continue
      }
      const { pairs: own, lines: ownLines, texts: ownTexts } = isThere ? found.there : found.fresh
      own.push(pair)
      ownLines.push(lines[n])
      ownTexts.push(texts[n])
      this.#come(pair, isThere && !this.#isReplaced ? knownBotmatic : botmaticId)
    }
    return found
  }

  /** What the store has once a pair is saved; its external id may be another's too. */
  #come([botmaticId, extId], back) {
    this.#extIds.set(botmaticId, extId)
    this.#botmaticIds.set(extId, back)
  }
}

module.exports = { Conflicts }
