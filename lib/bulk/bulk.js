/** Calls on many pairs at once. */

const { KeyStoreError } = require('../shared/error')
const { NativePromise } = require('../shared/globals')
const { check } = require('./abortable')
const { Chunks } = require('./chunks')
const { Given } = require('./given')

/** How many calls go at once, and how many such chunks may be under way: enough for a fast server far away. */
const CHUNK = 1_000
const IN_FLIGHT = 8

/** How many failures are told one by one. */
const MOST_TOLD = 1_000

const takeId = (ids, id) => ids.push(id)

const takePair = (ids, pair) => {
  if (Array.isArray(pair) && pair.length === 2) ids.push(pair[0], pair[1])
  else ids.push(undefined, undefined)
}

/** What failed is an error, everything else that a call comes to is none. */
const isFailure = (result) => typeof result === 'object' && result !== null

const codeOf = (failure) => (failure instanceof KeyStoreError ? failure.code : 'NOID')

class Bulk {
  #calls
  #isStrict
  #size
  #inFlight

  /** Over the calls of a store with these options. */
  constructor(calls, { strict, maxPending }) {
    this.#calls = calls
    this.#isStrict = strict
    this.#inFlight = Math.min(IN_FLIGHT, maxPending)
    this.#size = Math.max(1, Math.min(CHUNK, Math.floor(maxPending / (2 * IN_FLIGHT))))
  }

  async saveAllIds(integrationId, pairs, given) {
    const result = { saved: 0, failed: [], failedCount: 0 }
    let index = 0
    await this.#each('saveIds', integrationId, pairs, takePair, given, (saved) => {
      const before = result.failedCount
      for (const answer of saved) {
        if (answer === true) {
          result.saved++
        } else {
          result.failedCount++
          if (result.failed.length < MOST_TOLD) result.failed.push({ index, code: codeOf(answer) })
        }
        index++
      }
      return result.failedCount - before
    })
    return result
  }

  getBotmaticIds(integrationId, extIds, given) {
    return this.#answers('getBotmaticId', integrationId, extIds, takeId, given)
  }

  getExtIds(integrationId, botmaticIds, given) {
    return this.#answers('getExtId', integrationId, botmaticIds, takeId, given)
  }

  deleteManyIds(integrationId, pairs, given) {
    return this.#answers('deleteIds', integrationId, pairs, takePair, given)
  }

  /** What each call comes to, as the store is set to. */
  async #answers(operation, integrationId, source, take, given) {
    const answers = []
    const quiet = (failure) => {
      if (this.#isStrict || !(failure instanceof KeyStoreError)) throw failure
      if (operation === 'deleteIds') return false
      return failure.code === 'NOID' ? null : undefined
    }
    await this.#each(operation, integrationId, source, take, given, (chunk) => {
      let failed = 0
      for (const answer of chunk) {
        if (isFailure(answer)) failed++
        answers.push(isFailure(answer) ? quiet(answer) : answer)
      }
      return failed
    })
    return answers
  }

  /**
   * Makes a call for each, so many chunks at once. `settle` takes in what a chunk came to, in order, and
   * gives how many failed. Whatever ends it early, what was under way has settled then.
   */
  async #each(operation, integrationId, source, take, given, settle) {
    const told = new Given(given)
    const { signal } = told
    const integration = `${integrationId}`
    if (Array.isArray(source)) told.expect(source.length)
    const underWay = []
    const settleFirst = async () => {
      const answers = await underWay.shift()
      check(signal)
      told.tell(answers.length, settle(answers))
    }
    check(signal)
    const chunks = new Chunks(source, this.#size, take, signal)
    try {
      while (!chunks.isOver) {
        // Not awaited where it need not be: calls made in one go take effect before later ones.
        const ids = chunks.isAsync ? await chunks.next() : chunks.next()
        check(signal)
        if (ids.length > 0) underWay.push(this.#calls.many(operation, integration, ids))
        if (underWay.length >= this.#inFlight) await settleFirst()
      }
      while (underWay.length > 0) await settleFirst()
    } finally {
      await chunks.leave()
      await NativePromise.allSettled(underWay)
    }
  }
}

module.exports = { Bulk }
