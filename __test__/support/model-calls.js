/** Random calls over so few ids that they meet: conflicts, half pairs, keys that two could own. */

const { keyOf } = require('./model')

const LONG = 'long'.repeat(2_000)

/** Integrations of which some begin others, as far as their keys are told apart, and their ids. */
const APART = {
  integrations: ['a', 'a:b', 'a:b:x', 'a:e', 'a?', '{t}', '{t}:b:y', '{u}'],
  botmatic: ['1', '2', '3', 'z:b:1'],
  external: ['k', 'l', 'm', 'z:e:k', LONG]
}

/**
 * Integrations that have keys in common. While pairs of one of them are being deleted, calls of the
 * others do not wait, so that none is made.
 */
const ALIKE = {
  integrations: ['c', 'c:b:x', 'c:e:x'],
  botmatic: ['1', '2', 'x:b:1', 'x:b:2'],
  external: ['k', 'l', 'x:e:k', 'x:e:l']
}

/**
 * A source of random calls `[name, args]`; `next` takes what they are drawn from.
 * @param {(key: string) => string | undefined} value what a key holds after the calls so far
 */
const randomCalls = (value) => {
  let isWiping = false
  let fresh = 0

  const next = ({ next, chance, pick }) => {
    const space = !isWiping && chance(0.2) ? ALIKE : APART
    const i = pick(space.integrations)
    const b = pick(space.botmatic)
    const e = pick(space.external)
    const kind = next()
    if (kind < 0.38) return ['saveIds', [i, b, e]]
    if (kind < 0.53) return ['getExtId', [i, b]]
    if (kind < 0.67) return ['getBotmaticId', [i, e]]
    if (kind < 0.82) return ['deleteIds', [i, b, value(keyOf(i, 'b', b)) ?? e]]
    if (kind < 0.9) return ['deleteIds', [i, b, e]]
    if (kind < 0.985) {
      fresh++
      return ['deleteIds', [i, `never ${fresh}`, `saved ${fresh}`]]
    }
    isWiping ||= space === ALIKE
    return ['deleteAllIds', [i]]
  }

  return {
    next,
    /** All calls are settled. */
    settled: () => {
      isWiping = false
    }
  }
}

module.exports = { ALIKE, APART, randomCalls }
