/** Whether a store that was away for a while still has what it had. */

const { Lost } = require('../trouble')

/**
 * Pairs that are remembered, and characters of their ids: what a server loses is all it had, or the latest
 * of it.
 */
const KEPT = 1_000
const MOST = 64 * 1_024

/** For all pairs of a store: of so many, one is remembered. */
const SPARSE = 16

/** How many of them a resume file has. */
const SAMPLE = 20

class Witness {
  #job
  #target
  #verb
  #every
  #passed = 0
  /** Of connections: at first, and when pairs were last owed. */
  #first
  #changes
  /** The latest pairs, `[integrationId, botmaticId, …]`, and those before them. */
  #latest = []
  #characters = 0
  #earlier = []
  /** Those of before a loss, which are to be looked up. */
  #owed = []

  /**
   * @param {import('../job').Job} job
   * @param {import('./store').Store} target
   * @param {'saved' | 'found'} verb what was done with the pairs
   * @param {number} [every] of so many pairs one is remembered: many that grow old cost more than they show
   */
  constructor(job, target, verb, every = 1) {
    this.#job = job
    this.#target = target
    this.#verb = verb
    this.#every = every
    this.#first = job.changes
    this.#changes = job.changes
  }

  /** The latest pairs, for another process to ask for. */
  get sample() {
    const latest = [...this.#earlier, ...this.#latest].slice(-SAMPLE)
    return latest.map(([integrationId, botmaticId]) => [integrationId, botmaticId])
  }

  /** The store has this pair: `[integrationId, botmaticId, …]`. */
  keep(pair) {
    if (this.#passed++ % this.#every !== 0) return
    if (this.#changes !== this.#job.changes) this.#turn()
    if (this.#latest.length === KEPT || this.#characters > MOST) {
      this.#earlier = this.#latest
      this.#latest = []
      this.#characters = 0
    }
    this.#latest.push(pair)
    this.#characters += pair[1].length
  }

  /** The store had these pairs, before this process began. */
  owe(pairs) {
    this.#owed = this.#owed.concat(pairs)
  }

  /** Whether a connection was lost, or came back, since pairs were last owed. */
  get isDue() {
    return this.#changes !== this.#job.changes || this.#owed.length > 0
  }

  /** Fails when pairs of before a loss are not there any more. */
  async check() {
    this.#turn()
    const owed = this.#owed
    this.#owed = []
    const groups = new Map()
    for (const [integrationId, botmaticId] of owed) {
      if (!groups.has(integrationId)) groups.set(integrationId, [])
      groups.get(integrationId).push(botmaticId)
    }
    let missing = 0
    for (const [integrationId, ids] of groups) {
      const found = await this.#job.within(this.#target.store.getExtIds(integrationId, ids))
      missing += found.filter((extId) => extId === null).length
    }
    if (missing > 0) {
      throw new Lost(
        `${this.#target.name} came back without ${missing} of the last ${owed.length} pairs that were ` +
          `${this.#verb} before its connection was lost. Unless somebody deleted them, it was restarted or ` +
          'replaced without all it had'
      )
    }
    // It may be lost again before there are others.
    this.#earlier = [...owed.slice(-KEPT), ...this.#earlier]
  }

  /** The same at the end: what was answered before a loss may have been heard of after it. */
  async finish() {
    if (this.#first === this.#job.changes && this.#owed.length === 0) return
    do await this.check()
    while (this.isDue)
  }

  #turn() {
    this.#changes = this.#job.changes
    this.#owed.push(...this.#earlier, ...this.#latest)
    this.#earlier = []
    this.#latest = []
    this.#characters = 0
  }
}

module.exports = { SPARSE, Witness }
