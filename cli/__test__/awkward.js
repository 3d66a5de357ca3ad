/** Pairs with ids that formats and keys may stumble over. */

/** Who reads keys may take some of them for those of another integration. */
const INTEGRATIONS = ['token-4f1c', 'a "token", \té 漢字', 'token-4f1c:b:7', 'e:token']

const AWKWARD = [
  (n) => `é 漢字 😀 \u202e ${n}`,
  (n) => `"${n}" 'quoted' \`so\` ""`,
  (n) => `,${n},;\t|`,
  (n) => `\n${n}\r\n\r`,
  (n) => `\0${n}\0`,
  (n) => `  ${n}  `,
  (n) => `\\${n}\\n\\u0000`,
  (n) => `{"end":{"pairs":${n}}}`,
  (n) => `\ufeff${n}\u2028`,
  (n) => `=1+${n}`,
  (n) => `b:${n}:e:x`,
  (n) => `__proto__${n}`
]

/** One in so many is awkward, and one in so many very long. */
const SOME = 4
const FEW = 2_000
const LENGTH = 4_000

const id = (n, shift) => {
  if (n % FEW === shift) return `${n}-${'long '.repeat(LENGTH / 5)}`
  return n % SOME === 0 ? AWKWARD[(n / SOME + shift) % AWKWARD.length](n) : `id-${n}`
}

/** The pair of a number: `[integrationId, botmaticId, extId]`, each id once in an integration. */
const awkwardPair = (n) => {
  // All kinds in one integration, then in the next.
  const turn = Math.floor(n / (SOME * AWKWARD.length))
  return [INTEGRATIONS[turn % INTEGRATIONS.length], id(n, 1), id(n, 2)]
}

module.exports = { awkwardPair }
