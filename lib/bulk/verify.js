/** Whether both halves of each pair are there and agree, and how a missing one is put back. */

const { abortable, check } = require('./abortable')
const { Given } = require('./given')
const { HALVES, halvesOf, lookUp } = require('./walk')
const { NativePromise } = require('../shared/globals')

/** How many findings are looked at again at once. */
const CHUNK = 1_000

/** The two passes: the halves under botmatic ids, then those under external ids. */
const PASSES = ['botmatic', 'external']

const idsOf = (half, { id, other }) =>
  half === 'botmatic'
    ? { botmaticId: id, externalId: other }
    : { botmaticId: other, externalId: id }

/** Stands for what is under a key and is no string. */
const FOREIGN = Symbol('no string')

/** Whether text is an id as it stands in Redis: not when it is empty, or had bytes that are no UTF-8. */
const isId = (text) => text !== '' && !text.includes('\ufffd')

/** Whether nothing is lost when the other half is written. */
const isRepairable = ({ id, other, isAmbiguous, isForeign }) =>
  !isAmbiguous && !isForeign && isId(id) && isId(other)

/** One pass over the halves of a kind. */
class Pass {
  #calls
  #integrationId
  #half
  #signal
  /** By an id that has no half, whose halves claim it. */
  #claims = new Map()

  constructor(calls, integrationId, half, signal) {
    this.#calls = calls
    this.#integrationId = integrationId
    this.#half = half
    this.#signal = signal
  }

  halves() {
    return halvesOf(this.#calls, this.#integrationId, this.#half, this.#signal)
  }

  /** How many of a page's halves agree with their other halves, and what is wrong with others. */
  async judge(halves) {
    const { back } = HALVES[this.#half]
    const backs = await this.#lookUp(
      back,
      halves.map(({ other }) => other)
    )
    const suspects = halves
      .map((half, n) => ({ ...half, found: backs[n] }))
      .filter(({ id, found }) => found !== id)
    const disagreeing = suspects.filter(({ found }) => found !== null)
    for (const { id, other, found } of suspects) if (found === null) this.#claim(other, id)
    const { find } = HALVES[this.#half]
    const [now, others] = [
      await this.#lookUp(find, ids(disagreeing)),
      await this.#lookUp(
        find,
        disagreeing.map(({ found }) => found)
      )
    ]
    const findings = disagreeing
      .map((suspect, n) => ({ ...suspect, now: now[n], foundHolds: others[n] }))
      // Saved or deleted since.
      .filter(({ other, now }) => now === other)
      .map(({ found, foundHolds, ...half }) => {
        const isShared = this.#half === 'botmatic' && foundHolds === half.other
        const problem = isShared ? 'shared' : 'disagreeing'
        return { problem, half: this.#half, ...idsOf(this.#half, half), found }
      })
    return { agreeing: halves.length - suspects.length, findings }
  }

  #claim(id, by) {
    const claims = this.#claims.get(id)
    if (claims) claims.push(by)
    else this.#claims.set(id, [by])
  }

  /** What was missing and still is, after all halves were judged; `repairs` says whether it is put back. */
  async *missing(repairs) {
    let all = []
    for (const [other, claims] of this.#claims) {
      for (const id of claims) all.push({ id, other, isAmbiguous: claims.length > 1 })
      if (all.length < CHUNK) continue
      yield* this.#told(all, repairs)
      all = []
    }
    yield* this.#told(all, repairs)
  }

  async *#told(suspects, repairs) {
    for (const missing of await this.#stillMissing(suspects)) {
      check(this.#signal)
      const isRepaired = repairs && isRepairable(missing)
      // Who goes through the findings takes any time: what became of this one meanwhile?
      if (isRepaired && (await this.#stillMissing([missing])).length === 0) continue
      const { botmaticId, externalId } = idsOf(this.#half, missing)
      if (isRepaired) {
        await this.#calls.call('saveIds', this.#integrationId, botmaticId, externalId)
      }
      const about = { botmaticId, externalId, isAmbiguous: missing.isAmbiguous, isRepaired }
      yield { problem: 'missing', half: this.#half, ...about }
    }
  }

  async #stillMissing(halves) {
    const { find, back } = HALVES[this.#half]
    const [now, backs] = await NativePromise.all([
      this.#lookUp(find, ids(halves)),
      this.#lookUp(
        back,
        halves.map(({ other }) => other),
        FOREIGN
      )
    ])
    return halves
      .map((half, n) => ({ ...half, isForeign: backs[n] === FOREIGN }))
      .filter(({ other, isForeign }, n) => now[n] === other && (isForeign || backs[n] === null))
  }

  #lookUp(operation, ids, foreign) {
    const found = lookUp(this.#calls, operation, this.#integrationId, ids, foreign)
    return abortable(found, this.#signal)
  }
}

const ids = (halves) => halves.map(({ id }) => id)

/** Gives what is wrong, one by one, and at the end the counts; see index.d.ts. */
async function* verify(calls, integrationId, given) {
  const told = new Given(given, { repair: 'boolean' })
  const { repair = false } = told.others
  const counts = { pairs: 0, missing: 0, disagreeing: 0, shared: 0, ambiguous: 0, repaired: 0 }
  const count = (finding) => {
    counts[finding.problem]++
    if (finding.isAmbiguous) counts.ambiguous++
    if (finding.isRepaired) counts.repaired++
    return finding
  }
  for (const half of PASSES) {
    const pass = new Pass(calls, `${integrationId}`, half, told.signal)
    for await (const halves of pass.halves()) {
      const { agreeing, findings } = await pass.judge(halves)
      if (half === 'botmatic') counts.pairs += agreeing
      told.tell(halves.length, halves.length - agreeing)
      for (const finding of findings) yield count(finding)
    }
    for await (const finding of pass.missing(repair)) yield count(finding)
  }
  return counts
}

module.exports = { verify }
