const { setTimeout: sleep } = require('node:timers/promises')
const { randomCalls } = require('./model-calls')
const { startJudge } = require('./model-judge')
const { randomFrom } = require('./random')

/** How many calls a burst has at most, and how many pairs stand by so that walks take several pages. */
const BURST = 120
const STANDING = 1_000
const FLOOD = 12
const FLOOD_PAUSE = 4

/** Which faults, by name; all of them by default. */
const CHOSEN = new RegExp(process.env.MODEL_FAULTS ?? '')

/** Deals all names in a random order, then in another one, and so on. */
const dealer = (names, random) => {
  const deck = []
  return () => {
    if (deck.length === 0) {
      const rest = [...names]
      while (rest.length > 0) {
        const [name] = rest.splice(Math.floor(random.next() * rest.length), 1)
        deck.push(name)
      }
    }
    return deck.pop()
  }
}

/**
 * Random calls and faults for `ms`, judged by the model; rejects when an answer or the final state
 * is none that the contract allows. The same seed makes the same calls and faults.
 * @param {object} place where the pairs are kept
 * @param {(options: object) => object} place.open makes the store
 * @param {() => Promise<Map<string, string>>} place.contents all that the servers hold
 * @param {Record<string, (game: object) => Promise<void>>} place.faults each breaks something, makes
 *   `game.burst()`s of calls meanwhile, and resolves when all is whole again
 */
const runModel = async ({ open, contents, faults }, { seed, ms }) => {
  const names = Object.keys(faults).filter((name) => CHOSEN.test(name))
  const judge = startJudge(open)
  const calls = randomCalls(judge.value)
  const deal = dealer(['nothing', ...names], randomFrom(seed))
  const past = []

  /** What a fault has to work with in one round, whatever was drawn in those before. */
  const gameOf = (round) => {
    const random = randomFrom(seed + round * 7_919)
    /** Makes calls, all at once, and awaits none. `isRefused`: the server takes no saves. */
    const burst = ({ most = BURST, isRefused = false } = {}) => {
      const size = Math.ceil(random.next() ** 2 * most)
      for (let n = 0; n < size; n++) {
        const [name, args] = calls.next(random)
        judge.make(name, args, { isRefused: isRefused && name === 'saveIds' })
      }
    }
    /** Small bursts, one upon the other: what happens meanwhile happens in the midst of some. */
    const flood = async () => {
      for (let n = 0; n < FLOOD; n++) {
        burst({ most: BURST / 2 })
        await sleep(FLOOD_PAUSE)
      }
    }
    const pause = (most) => sleep(random.next() * most)
    return { ...random, call: judge.make, burst, flood, pause, judge, settled: judge.settled }
  }

  const settle = async () => {
    await judge.settled()
    judge.compare(await contents())
    calls.settled()
  }

  const play = async () => {
    for (let n = 0; n < STANDING; n++) judge.make('saveIds', ['standing', `${n}`, `x${n}`])
    await settle()
    const end = performance.now() + ms
    for (let round = 0; performance.now() < end; round++) {
      const game = gameOf(round)
      const name = deal()
      const began = performance.now()
      past.push(name)
      game.burst()
      await game.pause(5)
      await faults[name]?.(game)
      game.burst()
      past.push(`${past.pop()} (${Math.round(performance.now() - began)} ms)`)
      judge.check()
      if (game.chance(0.5)) {
        await settle()
        past.push('settled')
      }
    }
    await settle()
    if (process.env.MODEL_TOLD) console.log(past.join('\n'))
    return { ...judge.count, faults: past.filter((name) => name !== 'settled').length }
  }

  try {
    return await play()
  } catch (error) {
    const told = `SEED=${seed}, after: ${past.slice(-8).join(', ')} (round ${past.length})`
    throw new Error(`${told}\n${error.message}`, { cause: error })
  } finally {
    judge.stop()
    judge.store.quit()
  }
}

module.exports = { runModel }
