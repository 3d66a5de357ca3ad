/** Saves records in a store: in batches, some under way at a time, no faster than wanted. */

const { setTimeout: sleep } = require('node:timers/promises')
const { Incomplete } = require('./exit')

/** Codes that say something of the record alone; all others are of the store. */
const OF_RECORD = new Set(['NOID', 'REPLY', 'WRONGTYPE'])

/** The items of a batch, by their integration. */
const byIntegration = (items) => {
  const groups = new Map()
  for (const item of items) {
    const { integrationId } = item.record
    if (!groups.has(integrationId)) groups.set(integrationId, [])
    groups.get(integrationId).push(item)
  }
  return groups
}

/** What stands in the way of a pair: another one with one of its ids. */
const conflictsOf = async (store, integrationId, items) => {
  const [extIds, botmaticIds] = await Promise.all([
    store.getExtIds(
      integrationId,
      items.map(({ record }) => record.botmaticId)
    ),
    store.getBotmaticIds(
      integrationId,
      items.map(({ record }) => record.extId)
    )
  ])
  return items.map(({ record }, n) => {
    const isOther = (found, wanted) => found !== null && found !== String(wanted)
    return isOther(extIds[n], record.extId) || isOther(botmaticIds[n], record.botmaticId)
  })
}

class Pump {
  saved = 0
  skipped = 0
  #store
  #options
  #rejects
  #began = Date.now()
  #taken = 0

  /**
   * @param {object} store
   * @param {{onConflict: 'fail' | 'skip' | 'replace', dryRun?: boolean, rate?: number}} options
   * @param {import('./rejects').Rejects} rejects
   */
  constructor(store, options, rejects) {
    this.#store = store
    this.#options = options
    this.#rejects = rejects
  }

  /** Saves a batch of items with records. */
  async save(items) {
    this.#taken += items.length
    await this.#wait()
    for (const [integrationId, group] of byIntegration(items)) {
      const wanted = await this.#withoutConflicts(integrationId, group)
      if (this.#options.dryRun) this.saved += wanted.length
      else await this.#saveGroup(integrationId, wanted)
    }
  }

  async #wait() {
    const { rate } = this.#options
    if (!rate) return
    const early = (this.#taken / rate) * 1000 - (Date.now() - this.#began)
    if (early > 0) await sleep(early)
  }

  async #withoutConflicts(integrationId, group) {
    const { onConflict } = this.#options
    if (onConflict === 'replace') return group
    const conflicts = await conflictsOf(this.#store, integrationId, group)
    return group.filter((item, n) => {
      if (!conflicts[n]) return true
      if (onConflict === 'skip') this.skipped++
      else this.#rejects.add(item, 'one of its ids belongs to another pair (--on-conflict)')
      return false
    })
  }

  async #saveGroup(integrationId, group) {
    const pairs = group.map(({ record }) => [record.botmaticId, record.extId])
    const { saved, failed, failedCount } = await this.#store.saveAllIds(integrationId, pairs)
    this.saved += saved
    const fatal = failed.find(({ code }) => !OF_RECORD.has(code))
    if (fatal || failedCount > failed.length) throw new Incomplete(this.#store.lastError.message)
    for (const { index, code } of failed)
      this.#rejects.add(group[index], `it was not saved: ${code}`)
  }
}

/**
 * Works off lists of items in batches, so many under way at a time. `settled` hears how many items, from the
 * first on, are done without a gap.
 * @param {AsyncIterable<object[]>} lists
 * @param {(batch: object[]) => Promise<void>} work
 * @param {{batch: number, inFlight: number}} options
 * @param {AbortSignal} signal
 * @param {(done: number) => void} settled
 */
const inBatches = async (lists, work, { batch: size, inFlight }, signal, settled) => {
  const underWay = []
  let failure
  let done = 0
  let batch = []
  const finished = () => {
    while (underWay[0]?.isDone) done += underWay.shift().size
    settled(done)
  }
  const begin = () => {
    const own = { size: batch.length, isDone: false }
    own.promise = work(batch).then(
      () => {
        own.isDone = true
        finished()
      },
      (error) => {
        failure ??= error
      }
    )
    underWay.push(own)
    batch = []
  }
  const room = async (most) => {
    while (!failure && underWay.filter(({ isDone }) => !isDone).length > most) {
      await Promise.race(underWay.filter(({ isDone }) => !isDone).map(({ promise }) => promise))
    }
    signal.throwIfAborted()
    if (failure) throw failure
  }
  try {
    for await (const items of lists) {
      for (const item of items) {
        batch.push(item)
        if (batch.length < size) continue
        begin()
        await room(inFlight - 1)
      }
    }
    if (batch.length > 0) begin()
    await room(0)
  } finally {
    await Promise.allSettled(underWay.map(({ promise }) => promise))
    finished()
  }
}

module.exports = { Pump, inBatches }
