/** The contract in short, for servers and clients of all kinds. */

const assert = require('node:assert/strict')

const TIMES = { strict: true, readTimeout: 5_000, writeTimeout: 5_000 }

/** The contract in short, on a store that has no pairs. */
const works = async (store) => {
  const pairs = Array.from({ length: 50 }, (_, n) => [`i`, n, `x${n}`])
  const saved = await Promise.all(pairs.map((pair) => store.saveIds(...pair)))
  assert.ok(saved.every((answer) => answer === true))
  assert.equal(await store.getExtId('i', 7), 'x7')
  assert.equal(await store.getBotmaticId('i', 'x7'), '7')
  assert.equal(await store.getExtId('i', 'none'), null)
  assert.equal(await store.deleteIds('i', 7, 'x7'), true)
  assert.equal(await store.deleteIds('i', 7, 'x7'), false)
  assert.equal(await store.deleteIds('i', 8, 'other'), false)
  assert.deepEqual([await store.getExtId('i', 8), await store.getExtId('i', 9)], [null, 'x9'])
}

const deletesAll = async (store) => {
  assert.equal(await store.deleteAllIds('i'), true)
  assert.equal(await store.getExtId('i', 9), null)
}

module.exports = { TIMES, deletesAll, works }
