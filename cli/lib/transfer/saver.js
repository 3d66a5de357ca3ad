/** Saves batches into a store, by what is to become of conflicts. */

const { Conflicts } = require('./conflicts')
const { Rehearsal } = require('./rehearsal')
const { incomplete } = require('../trouble')

/** Most pairs of one call: as many failures as it tells one by one. */
const MOST = 1_000

/** Failures that lie in the pair and not in the server: the others may be saved all the same. */
const OF_THE_PAIR = ['NOID', 'WRONGTYPE', 'REPLY']

const slices = (group) => {
  if (group.pairs.length <= MOST) return [group]
  const parts = []
  for (let at = 0; at < group.pairs.length; at += MOST) {
    const cut = (list) => list.slice(at, at + MOST)
    const { integrationId, pairs, lines, texts } = group
    parts.push({ integrationId, pairs: cut(pairs), lines: cut(lines), texts: cut(texts) })
  }
  return parts
}

class Saver {
  /** Whether batches must be saved one after the other, since each is compared with what is there. */
  isSerial
  #target
  #store
  #policy
  #isDry

  /**
   * @param {import('../store/store').Store} target
   * @param {{onConflict: 'fail' | 'skip' | 'replace', dryRun?: boolean}} options
   */
  constructor(target, { onConflict, dryRun = false }) {
    this.#target = target
    this.#store = dryRun ? new Rehearsal(target) : target.store
    this.#policy = onConflict
    this.#isDry = dryRun
    this.isSerial = dryRun || onConflict !== 'replace'
  }

  /**
   * @param {import('./batch').Batch} batch
   * @returns {Promise<{saved: number, skipped: number, conflicts: number, rejected: object[], groups: object[],
   *   there: object[]}>} `rejected` as in a batch; `groups` with what was saved, and what was `there` before
   */
  async save(batch) {
    const ends = this.isSerial ? await this.#compared(batch) : await this.#replaced(batch)
    const sum = (name) => ends.reduce((total, end) => total + end[name], 0)
    return {
      saved: sum('saved'),
      skipped: sum('skipped'),
      conflicts: sum('conflicts'),
      rejected: ends.flatMap((end) => end.rejected),
      groups: this.#isDry ? [] : ends.map((end) => end.group),
      there: ends.flatMap((end) => end.there)
    }
  }

  #replaced(batch) {
    return Promise.all(batch.groups.flatMap(slices).map((group) => this.#write(group)))
  }

  async #compared(batch) {
    const isReplaced = this.#policy === 'replace'
    const ends = []
    for (const group of batch.groups.flatMap(slices)) {
      const { there, fresh, conflicts } = await new Conflicts(this.#store, isReplaced).find(group)
      const end = await this.#write(isReplaced ? group : fresh)
      if (!isReplaced) {
        end.saved += there.pairs.length
        end.there = [there]
      }
      end.conflicts = conflicts.length
      if (this.#policy === 'skip') end.skipped = conflicts.length
      if (this.#policy === 'fail') end.rejected.push(...conflicts)
      ends.push(end)
    }
    return ends
  }

  async #write(group) {
    const { integrationId, pairs, lines, texts } = group
    const end = { saved: 0, skipped: 0, conflicts: 0, rejected: [], group, there: [] }
    if (pairs.length === 0) return end
    const { saved, failed } = await this.#store.saveAllIds(integrationId, pairs)
    end.saved = saved
    if (failed.length === 0) return end
    for (const { index, code } of failed) {
      const reason = this.#target.reasonOf(code)
      if (!OF_THE_PAIR.includes(code)) throw incomplete(reason)
      end.rejected.push({
        line: lines[index],
        reason,
        text: texts[index],
        pair: pairs[index],
        integrationId
      })
    }
    const isSaved = (_, index) => !failed.some((failure) => failure.index === index)
    end.group = { ...group, pairs: pairs.filter(isSaved), lines: lines.filter(isSaved) }
    return end
  }
}

module.exports = { Saver }
