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

const speeds = (original, own) => {
  const row = (name, key) => [
    name,
    count(original[key]),
    `${count(own[key])}, ${(own[key] / original[key]).toFixed(1)} times`
  ]
  return plain(
    [`calls a second, ${UNDER_WAY} under way`, 'the original', 'this store'],
    [row('saves', 'saves'), row('lookups', 'lookups')]
  )
}

/** All that the demo has to tell. */
const screen = ({ server, isNative, milliseconds, counts, pair, original, own }) => `
Server: ${server}. The store is ${isNative ? 'native: Rust, with a connection of its own' : "served by a client's own commands"}.
${count(counts.calls)} calls of a customer's day, one after the other, in ${Math.round(milliseconds)} ms:
${steps(counts)}

One pair, as redis-cli shows it:
${pair.map(([key, value]) => `> GET ${key}\n"${value}"`).join('\n')}

The same server, the same pairs:
${speeds(original, own)}
`

module.exports = { screen }
