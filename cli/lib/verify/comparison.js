/** Two stores with each other. */

const { countsOf, walk } = require('../store/walk')
const { SPARSE, Witness } = require('../store/witness')

/** Pairs that are looked up at once, and how many such pages at a time. */
const PAGE = 500
const IN_FLIGHT = 4

class Comparison {
  /** How many pairs were looked at in the first store, and were found so in the second. */
  counts = { from: 0, to: 0, same: 0 }
  #job
  #from
  #to
  #wanted
  #findings

  /**
   * @param {import('../job').Job} job
   * @param {import('../store/store').Store} from
   * @param {import('../store/store').Store} to
   * @param {string[] | undefined} wanted integrations; all of them when undefined
   * @param {import('./findings').Findings} findings
   */
  constructor(job, from, to, wanted, findings) {
    this.#job = job
    this.#from = from
    this.#to = to
    this.#wanted = wanted
    this.#findings = findings
  }

  /** By the number of pairs of each integration. */
  async quick() {
    const from = await countsOf(this.#job, this.#from, this.#wanted)
    const to = await countsOf(this.#job, this.#to, this.#wanted)
    for (const integrationId of new Set([...from.keys(), ...to.keys()])) {
      const [own, other] = [from.get(integrationId) ?? 0, to.get(integrationId) ?? 0]
      this.counts.from += own
      this.counts.to += other
      if (own === other) this.counts.same += own
      else {
        const text = `${own} pairs in ${this.#from.name}, ${other} in ${this.#to.name}`
        this.#findings.add({ integrationId, from: own, to: other }, text)
      }
    }
  }

  /** By both ids of each pair. */
  async full() {
    await this.#walked(this.#from, this.#to, (pair, [ext, back], ownBack) => {
      const [, botmaticId, extId] = pair
      this.counts.from++
      if (ext === extId && back === ownBack) {
        this.counts.same++
        return
      }
      const [id, own, other] =
        ext === extId
          ? [`external id ${extId}`, ownBack, back]
          : [`botmatic id ${botmaticId}`, extId, ext]
      this.#tell(pair[0], id, own, other)
    })
    await this.#walked(this.#to, this.#from, ([integrationId, botmaticId, extId], [ext]) => {
      this.counts.to++
      // What differs was told above.
      if (ext === null) this.#tell(integrationId, `botmatic id ${botmaticId}`, null, extId)
    })
  }

  #tell(integrationId, id, from, to) {
    const has = (store, value) => (value === null ? `nothing in ${store}` : `${value} in ${store}`)
    const text = `${id} has ${has(this.#from.name, from)}, ${has(this.#to.name, to)}`
    this.#findings.add({ integrationId, id, from, to }, text)
  }

  /** Calls `judge` with each pair of a store, both of its ids in the other, and its external id in its own. */
  async #walked(store, other, judge) {
    const job = this.#job
    const witness = new Witness(job, other, 'found', SPARSE)
    const underWay = []
    let page = []
    let count = 0
    const settle = async () => {
      const { pairs, found } = underWay.shift()
      job.wait(other.name)
      const [exts, backs, ownBacks] = await job.within(found)
      if (witness.isDue) await witness.check()
      for (const [n, pair] of pairs.entries()) {
        if (exts[n] !== null) witness.keep(pair)
        judge(pair, [exts[n], backs[n]], ownBacks[n])
      }
      job.touch()
      job.screen.update((count += pairs.length))
    }
    const begin = () => {
      if (page.length === 0) return
      const found = lookUp(store, other, page)
      found.catch(() => {})
      underWay.push({ pairs: page, found })
      page = []
    }
    for await (const pair of walk(job, store, this.#wanted)) {
      page.push(pair)
      if (page.length === PAGE) begin()
      while (underWay.length >= IN_FLIGHT) await settle()
    }
    begin()
    while (underWay.length > 0) await settle()
    await witness.finish()
  }
}

/** Of pairs: what the other store has under both ids, and their own under the second; an array each, in their order. */
const lookUp = async (store, other, pairs) => {
  const groups = new Map()
  for (const [n, [integrationId]] of pairs.entries()) {
    if (!groups.has(integrationId)) groups.set(integrationId, [])
    groups.get(integrationId).push(n)
  }
  const found = [[], [], []]
  const ask = async (integrationId, places) => {
    const botmaticIds = places.map((n) => pairs[n][1])
    const extIds = places.map((n) => pairs[n][2])
    const answers = await Promise.all([
      other.store.getExtIds(integrationId, botmaticIds),
      other.store.getBotmaticIds(integrationId, extIds),
      store.store.getBotmaticIds(integrationId, extIds)
    ])
    for (const [kind, values] of answers.entries()) {
      for (const [at, n] of places.entries()) found[kind][n] = values[at]
    }
  }
  await Promise.all([...groups].map(([integrationId, places]) => ask(integrationId, places)))
  return found
}

module.exports = { Comparison }
