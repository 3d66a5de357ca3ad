/** The last screen of the demo. */

const Table = require('cli-table3')
const { UNDER_WAY } = require('./rate')

const count = (number) => number.toLocaleString('en-US')

const plain = (head, rows) => {
  const table = new Table({
    head,
    colAligns: ['left', 'right', 'left'],
    style: { border: [], head: [] }
  })
  table.push(...rows)
  return table.toString()
}

const steps = ({ saved, hit, missed, deleted, uninstalled }) =>
  plain(
    ['what was done', 'pairs', 'why it matters'],
    [
      ['saved', count(saved), 'a contact that is forgotten is created twice in the other system'],
      ['looked up and found', count(hit), 'a change goes to the contact that is the same person'],
      [
        'looked up, not there',
        count(missed),
        'the answer is null: the contact is new, and is created'
      ],
      ['deleted one by one', count(deleted), 'a deleted contact leaves nothing behind'],
      ['deleted by the uninstall', count(uninstalled), 'nor does a whole integration']
    ]
  )

const KINDS = ['saves', 'lookups']

const speeds = (own) =>
  plain(
    [`calls a second, ${UNDER_WAY} under way`, 'this store'],
    KINDS.map((kind) => [kind, count(own[kind])])
  )

const comparison = (original, own) =>
  plain(
    [`calls a second, ${UNDER_WAY} under way`, 'the original', 'this store'],
    KINDS.map((kind) => [
      kind,
      count(original[kind]),
      `${count(own[kind])}, ${(own[kind] / original[kind]).toFixed(1)} times`
    ])
  )

/** A pair in Redis, which another program sees too; and how fast that server was for the original. */
const inRedis = ({ pair, original, own }) => `One pair, as redis-cli shows it:
${pair.map(([key, value]) => `> GET ${key}\n"${value}"`).join('\n')}

The same server, the same pairs:
${comparison(original, own)}`

const inFile = ({ own }) => `${speeds(own)}
The same on Redis, beside the original: npm run demo -- --redis`

/** All that the demo has to tell: `place` is where the pairs were, `pair` and `original` are of Redis only. */
const screen = ({ place, isNative, milliseconds, counts, ...shown }) => `
${place}. The store is ${isNative ? 'native: Rust' : "served by a client's own commands"}.
${count(counts.calls)} calls of a customer's day, one after the other, in ${Math.round(milliseconds)} ms:
${steps(counts)}

${shown.pair ? inRedis(shown) : inFile(shown)}
`

module.exports = { screen }
