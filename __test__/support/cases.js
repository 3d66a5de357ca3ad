/**
 * The cases that the original and ours are compared on. `run` gets a store and the server's
 * `command`, and returns what is compared, as is the whole database afterwards.
 *
 * `differs` says why ours does otherwise, as README tells; `ours` is then what it comes to, with the
 * database it leaves in `leaves`. `client` are options for the redis client.
 */

const { outcome } = require('./outcome')

const NO_IDS = [undefined, null, '', NaN, [], ['a'], {}, () => 'x']

const named = (toText) => ({ toString: toText })

/** Saves, reads both ways and deletes a pair. */
const roundTrip = (i, b, e) => async (store) => [
  await store.saveIds(i, b, e),
  await store.getExtId(i, b),
  await store.getBotmaticId(i, e)
]

const pairs = [
  ['numbers', 'i', 1, 2],
  ['strings', 'i', 'b', 'e'],
  ['zero', 'i', 0, 0],
  ['negative zero', 'i', -0, 1],
  ['a large number', 'i', 1e21, 1],
  ['integration undefined', undefined, 1, 2],
  ['integration null', null, 1, 2],
  ['integration empty', '', 1, 2],
  ['integration NaN', NaN, 1, 2],
  ['integration array', ['a', 'b'], 1, 2],
  ['integration object', {}, 1, 2],
  ['integration 0', 0, 1, 2],
  ['colons', 'a:b', 'c:d', 'e:f'],
  ['equal ids', 'i', 'same', 'same'],
  ['a lone surrogate', 'i', '\ud800', 'x\udc00y'],
  ['an emoji', 'i', '😀', '👍🏽'],
  ['NUL, CR LF and quotes', 'i', 'a\0b\r\nc', '"\'\\'],
  ['10 kB ids', 'i', 'b'.repeat(10_000), 'é'.repeat(5_000)],
  ['latin1 letters', 'ï', 'ø', 'ÿ']
].map(([name, ...ids]) => ({ name: `a pair: ${name}`, run: roundTrip(...ids) }))

/** Ids that the clients do not send alike. */
const texts = [
  ['true', true, 'true'],
  ['a bigint', 10n, '10'],
  ['an object with a text of its own', named(() => 'own'), 'own'],
  ['a Date', new Date(0), String(new Date(0))],
  ['a Buffer', Buffer.from('abc'), 'abc']
].map(([name, id, text]) => ({
  name: `an id: ${name}`,
  run: async (store) => [await store.saveIds('i', 1, id), await store.getExtId('i', 1)],
  differs: 'ids are turned into text as a template literal does, whatever the client',
  mayAgree: true,
  ours: [true, text],
  leaves: { 'i:b:1': text, [`i:e:${text}`]: '1' }
}))

const noIds = NO_IDS.map((id) => ({
  name: `no id: ${typeof id === 'function' ? 'a function' : JSON.stringify(id)} ${typeof id}`,
  run: async (store, command) => {
    await command('mset', 'i:b:1', 'x', 'i:e:x', '1')
    return [
      await outcome(() => store.saveIds('i', id, 'x')),
      await outcome(() => store.saveIds('i', 1, id)),
      await outcome(() => store.getExtId('i', id)),
      await outcome(() => store.getBotmaticId('i', id)),
      await outcome(() => store.deleteIds('i', id, 'x')),
      await outcome(() => store.deleteIds('i', 1, id))
    ]
  },
  differs: 'no-ids are never written, and never delete the other half',
  ours: [false, false, null, null, false, false],
  leaves: { 'i:b:1': 'x', 'i:e:x': '1' }
}))

const calls = [
  {
    name: 'a lookup that misses',
    run: async (store) => [await store.getExtId('i', 1), await store.getBotmaticId('i', 1)]
  },
  {
    name: 'an id that moves to another',
    run: async (store) => [
      await store.saveIds('i', 1, 'x'),
      await store.saveIds('i', 1, 'y'),
      await store.getExtId('i', 1),
      await store.getBotmaticId('i', 'x')
    ]
  },
  {
    name: 'two botmatic ids of one external id',
    run: async (store) => [
      await store.saveIds('i', 1, 'x'),
      await store.saveIds('i', 2, 'x'),
      await store.getExtId('i', 1),
      await store.getBotmaticId('i', 'x')
    ]
  },
  {
    name: 'deleting a pair, then again',
    run: async (store) => [
      await store.saveIds('i', 1, 'x'),
      await store.deleteIds('i', 1, 'x'),
      await store.deleteIds('i', 1, 'x')
    ]
  },
  {
    name: 'deleting when one half is missing',
    run: async (store, command) => {
      await command('mset', 'i:b:1', 'x', 'i:e:y', '2')
      return [await store.deleteIds('i', 1, 'x'), await store.deleteIds('i', 2, 'y')]
    }
  },
  {
    name: 'a key of another type',
    run: async (store, command) => {
      await command('hset', 'i:b:1', 'f', 'v')
      await command('hset', 'i:b:2', 'f', 'v')
      return [
        await store.getExtId('i', 1),
        await store.saveIds('i', 1, 'x'),
        await store.deleteIds('i', 2, 'nope')
      ]
    }
  },
  {
    name: 'a value that is no UTF-8',
    run: async (store, command) => {
      await command('set', 'i:b:1', Buffer.from([0xff, 0xfe, 0x41, 0xe2, 0x82]))
      const found = await store.getExtId('i', 1)
      await command('del', 'i:b:1')
      return found
    }
  },
  {
    name: 'reading at once after a save that is not awaited',
    run: (store) => Promise.all([store.saveIds('i', 1, 'x'), store.getExtId('i', 1)])
  },
  {
    name: 'deleting all pairs',
    run: async (store) => {
      for (const i of ['i', 'ii', 'I']) await store.saveIds(i, 1, 'x')
      return [await store.deleteAllIds('i'), await store.deleteAllIds('i')]
    }
  },
  {
    name: 'deleting all pairs of undefined',
    run: async (store) => {
      await store.saveIds(undefined, 1, 'x')
      return store.deleteAllIds()
    }
  },
  {
    name: 'a client with a prefix',
    client: { prefix: 'p:' },
    run: async (store) => [
      await store.saveIds('i', 1, 'x'),
      await store.getExtId('i', 1),
      await store.deleteIds('i', 1, 'x'),
      await store.saveIds('i', 2, 'y')
    ]
  },
  {
    name: 'quit, and the calls after it',
    // The client says by `true` or `false` how quickly its socket took the command.
    run: async (store) => [
      await store.saveIds('i', 1, 'x'),
      typeof (await store.quit()),
      await store.getExtId('i', 1),
      await store.saveIds('i', 2, 'y'),
      await store.deleteIds('i', 1, 'x'),
      await store.deleteAllIds('i'),
      typeof (await store.quit())
    ]
  },
  {
    name: 'quit right after a save',
    run: async (store) => {
      const saved = store.saveIds('i', 1, 'x')
      await store.quit()
      return saved
    },
    differs: 'calls already made complete first',
    ours: true,
    leaves: { 'i:b:1': 'x', 'i:e:x': '1' }
  }
]

const symbols = [
  {
    name: 'a symbol',
    run: async (store) => [
      await outcome(() => store.saveIds(Symbol('s'), 1, 2)),
      await outcome(() => store.getBotmaticId('i', Symbol('s'))),
      await outcome(() => store.getExtId('i', Symbol('s'))),
      await outcome(() => store.deleteIds('i', 1, Symbol('s'))),
      await outcome(() => store.deleteAllIds(Symbol('s')))
    ],
    differs: 'no call throws synchronously',
    ours: Array(5).fill('rejects TypeError'),
    leaves: {}
  },
  {
    name: 'a toString that throws',
    run: (store) => {
      const bad = named(() => {
        throw new RangeError('bad')
      })
      return outcome(() => store.saveIds('i', bad, 2))
    }
  }
]

/** Keys that `deleteAllIds` of an id meets; the pairs of the id itself are added. */
const STANDING = ['a:b:1', 'ab:b:1', 'b:e:1', '*:uuid', '?:uuid', 'a:uuid']

const globs = ['*', '?', '[ab]', '\\', 'a\\*', '[', 'a'].map((i) => ({
  name: `deleting all pairs of ${JSON.stringify(i)} among others`,
  run: async (store, command) => {
    await command('mset', ...STANDING.flatMap((key) => [key, 'v']))
    await store.saveIds(i, 1, 'x')
    return store.deleteAllIds(i)
  },
  differs: "the id is taken literally, and the application's own keys stay",
  ours: true,
  leaves: Object.fromEntries(
    STANDING.filter((key) => key !== 'a:b:1' || i !== 'a').map((key) => [key, 'v'])
  )
}))

const prefixed = [
  {
    name: 'deleting all pairs with a prefix',
    client: { prefix: 'p:' },
    run: async (store, command) => {
      await command('set', 'i:b:1', 'foreign')
      await store.saveIds('i', 1, 'x')
      return store.deleteAllIds('i')
    },
    differs: 'a prefix belongs to every key, that of the walk too',
    ours: true,
    leaves: { 'i:b:1': 'foreign' }
  },
  {
    name: 'saving with return_buffers',
    client: { return_buffers: true },
    run: async (store) => [await store.saveIds('i', 1, 'x'), await store.getExtId('i', 1)],
    differs: 'the store speaks for itself, in strings',
    ours: [true, 'x'],
    leaves: { 'i:b:1': 'x', 'i:e:x': '1' }
  }
]

module.exports = {
  cases: [...pairs, ...texts, ...noIds, ...calls, ...symbols, ...globs, ...prefixed]
}
