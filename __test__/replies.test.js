/**
 * What calls answer when some replies came and others were refused or lost. Fakes throughout: a real
 * server cannot be made to close in the middle of a pipeline.
 */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { within } = require('../lib/shared/within')
const { LOST, SILENCE, startFake, startFakeCluster } = require('./support/fake-redis')
const { open } = require('./support/open')
const { first } = require('./support/slots')
const { lazyCluster } = require('./support/topology-clients')

const TIMES = { readTimeout: 5_000, writeTimeout: 5_000, responseTimeout: 1_000 }
const answered = (calls) => within(3_000, Promise.all(calls))

/** Does this with the first command that is meant, and nothing with all others. */
const onFirst = (isMeant, act) => {
  let isDone = false
  return (words, connection, node) => {
    if (isDone || !isMeant(words, node)) return undefined
    isDone = true
    return act(words, connection)
  }
}
const isSave = ([name]) => name === 'MSET'

describe('a pair delete behind a save that is refused and waited for tells what it found', () => {
  for (const refusal of [
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.',
    'NOREPLICAS Not enough good replicas to write.',
    'TRYAGAIN Multiple keys request during rehashing of slot'
  ]) {
    test(refusal.split(' ')[0], async (t) => {
      const fake = await startFake(
        t,
        onFirst(isSave, () => `-${refusal}\r\n`)
      )
      fake.data.set('i:b:7', 'half').set('i:b:8', 'y').set('i:e:y', '8')
      const store = open(t, fake.url, TIMES)
      const calls = [
        store.saveIds('i', 1, 'x'),
        store.deleteIds('i', 9, 'nothing'),
        store.deleteIds('i', 7, 'half'),
        store.deleteIds('i', 8, 'y')
      ]
      assert.deepEqual(await answered(calls), [true, false, false, true])
      assert.deepEqual([...fake.data.keys()].sort(), ['i:b:1', 'i:e:x'])
    })
  }

  test('and one of the pair that was refused deletes it after all', async (t) => {
    const fake = await startFake(
      t,
      onFirst(isSave, () => '-BUSY Redis is busy running a script.\r\n')
    )
    const store = open(t, fake.url, TIMES)
    const calls = [
      store.saveIds('i', 1, 'x'),
      store.deleteIds('i', 1, 'x'),
      store.getExtId('i', 1),
      store.saveIds('i', 1, 'y'),
      store.getExtId('i', 1)
    ]
    assert.deepEqual(await answered(calls), [true, true, null, true, 'y'])
    assert.deepEqual(Object.fromEntries(fake.data), { 'i:b:1': 'y', 'i:e:y': '1' })
  })
})

describe('the connection is lost behind the first replies of a pipeline', () => {
  /** What the server does with the save behind which it closes the connection. */
  const ENDINGS = {
    'not carried out': (_, { close }) => close(),
    'carried out': (words, { execute, close }) => {
      execute(words)
      return close()
    }
  }
  for (const [name, end] of Object.entries(ENDINGS)) {
    test(`what had come counts, the save was ${name}`, async (t) => {
      const fake = await startFake(t, onFirst(isSave, end))
      fake.data.set('i:b:1', 'old').set('i:e:old', '1').set('i:b:7', 'half')
      const store = open(t, fake.url, TIMES)
      const calls = [
        store.getExtId('i', 1),
        store.getExtId('i', 2),
        store.deleteIds('i', 9, 'nothing'),
        store.deleteIds('i', 7, 'half'),
        store.saveIds('i', 1, 'new'),
        store.saveIds('i', 2, 'other'),
        store.getExtId('i', 1),
        store.deleteIds('i', 2, 'other')
      ]
      const expected = ['old', null, false, false, true, true, 'new', true]
      assert.deepEqual(await answered(calls), expected)
      const saves = fake.log.filter(([command, key]) => command === 'MSET' && key === 'i:b:1')
      assert.equal(saves.length, 2)
    })
  }

  test('each call is answered by its own reply, wherever it breaks off', async (t) => {
    const CALLS = 40
    for (let kept = 0; kept < CALLS; kept += 3) {
      let seen = 0
      const fake = await startFake(t, ([command], { close }) =>
        command === 'DEL' && seen++ === kept ? close() : undefined
      )
      for (let n = 1; n < CALLS; n += 2) fake.data.set(`i:b:${n}`, 'x').set(`i:e:${n}`, 'x')
      const store = open(t, fake.url, TIMES)
      const calls = Array.from({ length: CALLS }, (_, n) => store.deleteIds('i', n, n))
      const found = await answered(calls)
      const wrong = found
        .slice(0, kept)
        .flatMap((isDeleted, n) => (isDeleted === n % 2 > 0 ? [] : n))
      assert.deepEqual(wrong, [], `${kept} replies came`)
    }
  })

  test('in a cluster: what one master answered counts when another is lost later', async (t) => {
    const [near, far] = [0, 1]
    const cluster = await startFakeCluster(t, 2, (...asked) => loses(...asked))
    const id = (integration, ...owners) =>
      first(String, (n) =>
        ['b', 'e'].every(
          (half, at) => cluster.owner(`${integration}:${half}:${n}`) === cluster.nodes[owners[at]]
        )
      )
    const [never, half, there] = [id('i', near, near), id('i', far, near), id('j', far, far)]
    const loses = onFirst(
      ([name, key]) => name === 'DEL' && key === `j:b:${there}`,
      (_, { close }) => {
        setTimeout(close, 100)
        return SILENCE
      }
    )
    const store = open(t, lazyCluster(cluster.ports), TIMES)
    assert.equal(await store.saveIds('j', there, there), true)
    const calls = [
      store.deleteIds('j', there, there),
      store.deleteIds('i', never, never),
      store.deleteIds('i', half, half)
    ]
    assert.deepEqual(await answered(calls), [true, false, false])
  })
})

describe('pair deletes that were carried out, and replies that were lost', () => {
  const CASES = {
    'another external id saved behind it': [1, 'new'],
    'another botmatic id saved behind it': [2, 'old'],
    'the same pair saved behind it': [1, 'old']
  }
  for (const [name, [botmatic, external]] of Object.entries(CASES)) {
    test(name, async (t) => {
      const loses = onFirst(isSave, (words, { execute, close }) => {
        execute(words)
        return close()
      })
      const fake = await startFake(t, (words, connection) => {
        const isLost = words[0] === 'DEL' && fake.accepted === 1
        if (!isLost) return loses(words, connection)
        connection.execute(words)
        return LOST
      })
      fake.data.set('i:b:1', 'old').set('i:e:old', '1')
      const store = open(t, fake.url, TIMES)
      const calls = [store.deleteIds('i', 1, 'old'), store.saveIds('i', botmatic, external)]
      assert.deepEqual(await answered(calls), [true, true])
      assert.deepEqual(Object.fromEntries(fake.data), {
        [`i:b:${botmatic}`]: external,
        [`i:e:${external}`]: String(botmatic)
      })
    })
  }
})
