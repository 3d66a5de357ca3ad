/** Pairs on their way from batches into a store. */

const { incomplete } = require('../trouble')
const { ndjsonLine } = require('../formats/ndjson')
const { Witness } = require('../store/witness')
const { Pace } = require('./pace')
const { Proof } = require('./proof')

/** How long what is under way may take once the job is to end, in ms. */
const LEAVE = 5_000

/** Of the pairs of a batch, how many are remembered. */
const KEPT = 100

class Transfer {
  counts = { pairs: 0, saved: 0, skipped: 0, conflicts: 0, rejected: 0 }
  #job
  #saver
  #options
  #pace
  #proof
  #witness
  #underWay = []

  /**
   * @param {import('../job').Job} job
   * @param {import('./saver').Saver} saver
   * @param {object} options
   * @param {import('../store/store').Store} options.target
   * @param {number} options.inFlight most batches at once
   * @param {number} [options.rate] most pairs a second
   * @param {number} [options.maxErrors] most rejected lines
   * @param {import('./rejects').Rejects} [options.rejects]
   * @param {boolean} [options.isProven] whether what was saved is looked up
   * @param {() => string | undefined} [options.head] what a file of rejects begins with
   * @param {[string, string][]} [options.sample] pairs that an earlier run saved, see `Witness`
   * @param {(end: object, counts: object, sample: [string, string][]) => void} [options.reached] all of the
   *   source up to `end` is done
   */
  constructor(job, saver, options) {
    this.#job = job
    this.#saver = saver
    this.#options = options
    this.#pace = new Pace(options.rate, job)
    if (options.isProven) this.#proof = new Proof(options.target)
    this.#witness = new Witness(job, options.target, 'saved')
    this.#witness.owe(options.sample ?? [])
  }

  /** How many halves were not found as they were saved. */
  get unproven() {
    return this.#proof?.count ?? 0
  }

  /**
   * Saves them all. When it ends early, what is under way is waited for a little, so that `reached` tells of
   * as much as possible.
   * @param {AsyncIterable<import('./batch').Batch>} batches
   */
  async run(batches) {
    const inFlight = this.#saver.isSerial ? 1 : this.#options.inFlight
    try {
      await this.#confirm()
      for await (const batch of batches) {
        await this.#pace.take(batch.count)
        this.#begin(batch)
        while (this.#underWay.length >= inFlight || this.#underWay[0]?.isDone) {
          await this.#settleNext()
        }
        this.#job.check()
      }
      while (this.#underWay.length > 0) await this.#settleNext()
      await this.#witness.finish()
    } catch (error) {
      await this.#leave()
      throw error
    }
  }

  #begin(batch) {
    const one = { batch, done: this.#saver.save(batch), isDone: false }
    const { changes } = this.#job
    // It is awaited in its turn, also when it fails.
    one.done.then(
      ({ groups, there }) => {
        one.isDone = true
        this.#remember([...groups, ...there], changes !== this.#job.changes)
      },
      () => {}
    )
    this.#underWay.push(one)
  }

  /** @param {boolean} isTorn whether a part of them may have been answered before a connection was lost */
  #remember(groups, isTorn) {
    for (const { integrationId, pairs } of groups) {
      const some = isTorn ? pairs : pairs.slice(-KEPT)
      const found = some.map(([botmaticId]) => [integrationId, botmaticId])
      if (isTorn) this.#witness.owe(found)
      else for (const pair of found) this.#witness.keep(pair)
    }
  }

  async #settleNext() {
    this.#job.wait(this.#options.target.name)
    await this.#job.within(this.#underWay[0].done)
    await this.#confirm()
    await this.#settle()
  }

  /** Fails when the store was away and came back without what was saved before. */
  async #confirm() {
    if (this.#witness.isDue) await this.#witness.check()
  }

  /** Takes in what the first batch under way has come to. */
  async #settle() {
    const [{ batch, done }] = this.#underWay
    const end = await done
    if (this.#proof)
      for (const group of end.groups) await this.#job.within(this.#proof.check(group))
    this.#underWay.shift()
    const { counts } = this
    counts.pairs += batch.count
    counts.saved += end.saved
    counts.skipped += end.skipped
    counts.conflicts += end.conflicts
    this.#reject([...batch.rejected, ...end.rejected])
    this.#job.touch()
    this.#options.reached?.(batch.end, counts, this.#witness.sample)
  }

  #reject(rejected) {
    if (rejected.length === 0) return
    rejected.sort((a, b) => a.line - b.line)
    const { rejects, head, maxErrors = Number.POSITIVE_INFINITY } = this.#options
    const { counts } = this
    counts.rejected += rejected.length
    for (const { line, reason } of rejected) this.#job.screen.complain(line, reason)
    rejects?.write(rejected.map(textOf), head?.())
    if (counts.rejected > maxErrors) {
      throw incomplete(
        `more than ${maxErrors} rejected, as --max-errors allows; nothing more was done`
      )
    }
  }

  /** What is under way is done, or it takes too long. */
  async #leave() {
    let timer
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, LEAVE, true)
    })
    try {
      while (this.#underWay.length > 0) {
        if (await Promise.race([late, this.#underWay[0].done.then(() => false)])) return
        this.#proof = undefined
        await this.#settle()
      }
    } catch {
      // Why it ends is known already.
    } finally {
      clearTimeout(timer)
    }
  }
}

const textOf = ({ text, pair, integrationId }) => text ?? ndjsonLine(integrationId, ...pair)

module.exports = { Transfer }
