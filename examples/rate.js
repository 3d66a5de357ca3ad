/** How many calls a second a store does with many under way. */

const CALLS = 20_000
const UNDER_WAY = 256
const RATE_TOKEN = 'demo-rate'

const rate = async (call) => {
  let next = 0
  const worker = async () => {
    while (next < CALLS) await call(next++)
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: UNDER_WAY }, worker))
  return Math.round(CALLS / ((performance.now() - started) / 1_000))
}

/** Saves and lookups a second, of pairs of the integration `RATE_TOKEN`, which stay. */
const rates = async (keyStore) => {
  const saves = await rate((n) => keyStore.saveIds(RATE_TOKEN, n, `contact-${n}`))
  const lookups = await rate((n) => keyStore.getExtId(RATE_TOKEN, n))
  return { saves, lookups }
}

module.exports = { RATE_TOKEN, UNDER_WAY, rates }
