/** Arguments of many calls, in chunks, as they come. */

const { kindOf, refuse } = require('../settings/check')

/** How many calls make a chunk, and how many chunks may be under way: that bounds the memory. */
const CHUNK = 2_048
const UNDER_WAY = 4

/** An iterator of what may be an array, an iterable or an async iterable. */
const iteratorOf = (items, what) => {
  const begin = items?.[Symbol.asyncIterator] ?? items?.[Symbol.iterator]
  if (typeof begin !== 'function' || typeof items === 'string') {
    throw refuse(`${what} must be an array, an iterable or an async iterable, not ${kindOf(items)}`)
  }
  return begin.call(items)
}

/**
 * Makes chunks of what `items` gives, and hands each to `run`, with the number of its first; no more
 * than some at a time. Rejects with what goes wrong first, once all that was begun has ended; the
 * iterator is told that no more is wanted then.
 * @param {Iterable<unknown> | AsyncIterable<unknown>} items
 * @param {string} what they are called in a message
 * @param {(chunk: unknown[], first: number) => Promise<void>} run
 * @param {{check: () => void}} options
 */
const inChunks = async (items, what, run, { check }) => {
  const iterator = iteratorOf(items, what)
  const underWay = new Set()
  let failure
  let made = 0
  const begin = (chunk) => {
    const first = made
    made += chunk.length
    const done = run(chunk, first).then(
      () => underWay.delete(done),
      (error) => {
        underWay.delete(done)
        failure ??= { error }
      }
    )
    underWay.add(done)
  }
  let isOver = false
  try {
    while (!isOver) {
      const chunk = []
      while (chunk.length < CHUNK) {
        const next = iterator.next()
        const { done, value } = typeof next?.then === 'function' ? await next : next
        isOver = Boolean(done)
        if (isOver) break
        chunk.push(value)
      }
      check()
      if (failure) throw failure.error
      if (chunk.length > 0) begin(chunk)
      while (underWay.size >= UNDER_WAY) await Promise.race(underWay)
    }
  } catch (error) {
    failure ??= { error }
  }
  while (underWay.size > 0) await Promise.race(underWay)
  if (failure) {
    if (!isOver) await Promise.resolve(iterator.return?.()).catch(() => {})
    throw failure.error
  }
}

module.exports = { inChunks }
