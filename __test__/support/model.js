/**
 * What a store promises, as a sequential program: its calls take effect one after the other, in the
 * order in which they are made. Says what each may answer and what the server holds in the end.
 */

/** The two halves of a pair: the key of one holds the id of the other. */
const OTHER = { b: 'e', e: 'b' }

const keyOf = (integration, half, id) => `${integration}:${half}:${id}`

/** The half and the id that a key is under an integration; `undefined` when it is of none. */
const parse = (integration, key) => {
  const rest = key.startsWith(integration) ? key.slice(integration.length) : ''
  const [, half, id] = /^:([be]):(.*)$/s.exec(rest) ?? []
  return half && { half, id }
}

/** Whether a key with this id could as well be of a longer integration. */
const isAmbiguous = (id) => /(^|:)[be]:/.test(id)

/**
 * The keys of `values` that are pairs' of an integration: an ambiguous one only when its other half
 * confirms it.
 */
const ownKeys = (values, integration) =>
  [...values].flatMap(([key, value]) => {
    const { half, id } = parse(integration, key) ?? {}
    if (half === undefined) return []
    const isOwn = !isAmbiguous(id) || values.get(keyOf(integration, OTHER[half], value)) === id
    return isOwn ? [key] : []
  })

/** The keys that each call is about, the values it gives them (`null`: none) and its answer. */
const effects = {
  saveIds: (_, i, b, e) => ({
    writes: [
      [keyOf(i, 'b', b), e],
      [keyOf(i, 'e', e), b]
    ],
    answer: true
  }),
  getExtId: (values, i, b) => lookup(values, keyOf(i, 'b', b)),
  getBotmaticId: (values, i, e) => lookup(values, keyOf(i, 'e', e)),
  deleteIds: (values, i, b, e) => {
    const keys = [keyOf(i, 'b', b), keyOf(i, 'e', e)]
    return {
      writes: keys.map((key) => [key, null]),
      answer: keys.every((key) => values.has(key))
    }
  },
  deleteAllIds: (values, i) => ({
    writes: ownKeys(values, i).map((key) => [key, null]),
    answer: true
  })
}

const lookup = (values, key) => ({ reads: key, writes: [], answer: values.get(key) ?? null })

/** A store that nothing was saved in. */
const createModel = () => {
  const values = new Map()
  /** For each key the calls that wrote it, in order, with the value it then had. */
  const writers = new Map()
  let made = 0

  /**
   * Makes a call; `number` counts them. One that `isRefused` by the server for good does nothing.
   * `answer` is what it comes to when all goes well.
   */
  const make = (name, args, { isRefused = false } = {}) => {
    const { writes, ...rest } = effects[name](values, ...args)
    const call = { number: made++, name, args, keys: writes.map(([key]) => key), ...rest }
    if (isRefused) return { ...call, keys: [], answer: 'OOM' }
    for (const [key, value] of writes) {
      if (value === null) values.delete(key)
      else values.set(key, value)
      if (!writers.has(key)) writers.set(key, [])
      writers.get(key).push({ call, value })
    }
    return call
  }

  /** Who wrote a key while `call` was under way, itself apart. */
  const neighbours = (call, key) =>
    (writers.get(key) ?? []).filter(
      ({ call: other }) => other !== call && !(other.settledAt <= call.number)
    )

  /**
   * Settles a call: what it may answer, having been sent so many times. `mayBeDone`: a reply to it
   * may be lost, so that it may have been carried out before it was sent for the last time.
   */
  const settle = (call, { attempts, mayBeDone }) => {
    call.settledAt = made
    const { name, answer, reads, keys, number } = call
    if (attempts <= 1) return [answer]
    if (reads !== undefined) {
      // Sent again, it may see what was called after it.
      const later = neighbours(call, reads).filter(({ call: other }) => other.number > number)
      return [answer, ...later.map(({ value }) => value)]
    }
    if (name !== 'deleteIds') return [answer]
    // Found nothing the second time: deleted the first time, or never there.
    if (mayBeDone && !answer) return [false, true]
    // Calls before and after it may have been carried out in part when it was sent again.
    const isAlone = keys.every((key) => neighbours(call, key).length === 0)
    return isAlone ? [answer] : [answer, !answer]
  }

  return {
    make,
    settle,
    /** What a key holds after all calls so far. */
    value: (key) => values.get(key),
    /** What the server holds after all calls so far. */
    contents: () => new Map(values),
    /** All calls are settled: what was before matters no more. */
    forget: () => writers.clear()
  }
}

module.exports = { createModel, isAmbiguous, keyOf, parse }
