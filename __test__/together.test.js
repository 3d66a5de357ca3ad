/** Lookups of many, which share commands where the server has them, come to what each alone comes to. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { startFake } = require('./support/fake-redis')
const { open } = require('./support/open')
const { useServer } = require('./support/redis')

const server = useServer()
const COUNT = 3_000

/** A store on a server that holds `x0`, `x1`, … */
const filled = async (t, url = server.url, options = {}) => {
  await server.command('flushall')
  const pairs = Array.from({ length: COUNT }, (_, n) => [n, `x${n}`])
  await open(t, server.url).saveAllIds('i', pairs)
  await server.command('config', 'resetstat')
  return open(t, url, options)
}

/** How often the server was asked so, and how often it refused to be. */
const asked = async (name) => {
  const stats = await server.command('info', 'commandstats')
  const figures = new RegExp(`cmdstat_${name}:calls=(\\d+).*rejected_calls=(\\d+)`).exec(stats)
  return { calls: Number(figures?.[1] ?? 0), rejected: Number(figures?.[2] ?? 0) }
}

const ids = Array.from({ length: COUNT }, (_, n) => n)
const found = ids.map((n) => `x${n}`)

test('they take a fraction of the commands, and single ones take their own', async (t) => {
  const store = await filled(t)
  assert.deepEqual(await store.getExtIds('i', ids), found)
  assert.deepEqual(await store.getBotmaticIds('i', found), ids.map(String))
  const { calls } = await asked('mget')
  assert.ok(calls > 0 && calls < COUNT / 20, `${calls} commands`)
  assert.equal((await asked('get')).calls, 0)
  await Promise.all(ids.map((id) => store.getExtId('i', id)))
  assert.deepEqual([(await asked('mget')).calls, (await asked('get')).calls], [calls, COUNT])
})

describe('what is not found together is looked up alone', () => {
  test('missing ids are null, and count as one call each', async (t) => {
    const store = await filled(t)
    const mixed = ids.map((n) => (n % 3 === 0 ? `no${n}` : n))
    const expected = ids.map((n) => (n % 3 === 0 ? null : `x${n}`))
    assert.deepEqual(await store.getExtIds('i', mixed), expected)
    const { calls, pending, failures } = store.stats()
    assert.deepEqual({ calls, pending, failures }, { calls: COUNT, pending: 0, failures: {} })
  })

  test('what a later call saves is not seen', async (t) => {
    const store = await filled(t)
    for (let round = 0; round < 20; round++) {
      const missing = Array.from({ length: 50 }, (_, n) => `late-${round}-${n}`)
      const looked = store.getExtIds('i', missing)
      const saved = store.saveAllIds(
        'i',
        missing.map((id) => [id, `of-${id}`])
      )
      assert.deepEqual(
        await looked,
        missing.map(() => null)
      )
      await saved
    }
  })

  test('and is answered also when the store is closed meanwhile', async (t) => {
    const store = await filled(t, server.url, { strict: true })
    const looked = store.getExtIds('i', ['no', 1, 'none'])
    assert.equal(await store.quit(), true)
    assert.deepEqual(await looked, [null, 'x1', null])
    assert.equal(store.stats().pending, 0)
  })

  test('a key of another type fails alone, and is told once', async (t) => {
    const told = []
    const onError = ({ code, operation }) => told.push([code, operation])
    const store = await filled(t, server.url, { onError })
    await server.command('del', 'i:b:7')
    await server.command('rpush', 'i:b:7', 'x')
    const expected = found.map((id, n) => (n === 7 ? undefined : id))
    assert.deepEqual(await store.getExtIds('i', ids), expected)
    assert.deepEqual(told, [['WRONGTYPE', 'getExtId']])
  })
})

describe('a user who may not look many up together', () => {
  const as = async (t, name, ...rights) => {
    await server.command('acl', 'setuser', name, 'on', '>pw', ...rights)
    const url = server.url.replace('//', `//${name}:pw@`)
    const told = []
    const store = await filled(t, url, { onError: ({ code }) => told.push(code) })
    return { store, told }
  }

  test('has the same answers, and the server is asked so only at first', async (t) => {
    const { store, told } = await as(t, 'ann', '~*', '+@all', '-mget')
    assert.deepEqual(await store.getExtIds('i', ids), found)
    const { rejected } = await asked('mget')
    assert.ok(rejected > 0)
    assert.deepEqual(await store.getExtIds('i', ids), found)
    assert.equal((await asked('mget')).rejected, rejected)
    assert.deepEqual(told, [])
    assert.equal(store.stats().calls, 2 * COUNT)
  })

  test('sees nothing of later calls either', async (t) => {
    for (const [n, rest] of [[], ids.slice(3, 1_000)].entries()) {
      const { store } = await as(t, `eve${n}`, '~*', '+@all', '-mget')
      const looked = store.getExtIds('i', ['no', 1, 2, ...rest])
      const later = [store.saveIds('i', 'no', 'y'), store.deleteIds('i', 1, 'x1')]
      later.push(store.deleteAllIds('i'))
      const expected = [null, 'x1', 'x2', ...rest.map((id) => `x${id}`)]
      assert.deepEqual(await looked, expected)
      assert.deepEqual(await Promise.all(later), [true, true, true])
    }
  })

  test('for a key fails for that key only', async (t) => {
    const { store, told } = await as(t, 'bob', '~i:b:1*', '~i:b:2*', '+@all')
    assert.deepEqual(await store.getExtIds('i', [1, 2, 3, 10]), ['x1', 'x2', undefined, 'x10'])
    assert.deepEqual(told, ['NOPERM'])
  })
})

test('a proxy that hangs up on it is asked so once', async (t) => {
  const fake = await startFake(t, ([name], connection) =>
    name === 'MGET' ? connection.close() : undefined
  )
  const store = open(t, fake.url)
  await store.saveAllIds(
    'i',
    found.map((id, n) => [n, id])
  )
  for (let round = 0; round < 2; round++) assert.deepEqual(await store.getExtIds('i', ids), found)
  assert.equal(fake.log.filter(([name]) => name === 'MGET').length, 1)
  assert.equal(store.stats().reconnects, 1)
})

test('a walk takes a page of any size', async (t) => {
  const fake = await startFake(t)
  const count = 130_000
  for (let n = 0; n < count; n++) {
    fake.data.set(`i:b:${n}`, `x${n}`)
    fake.data.set(`i:e:x${n}`, `${n}`)
  }
  let walked = 0
  for await (const [id, other] of open(t, fake.url, { strict: true }).pairs('i')) {
    assert.equal(other, `x${id}`)
    walked++
  }
  assert.equal(walked, count)
})

test('ids that are long, empty, or of other types stand where they were', async (t) => {
  const store = await filled(t)
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000))
  await store.saveAllIds(
    'i',
    long.map((id, n) => [id, `long-${n}`])
  )
  const given = [1, long[0], '', long[1], null, 2n, undefined, long[2], '3', Number.NaN]
  assert.deepEqual(await store.getExtIds('i', given), [
    'x1',
    'long-0',
    null,
    'long-1',
    null,
    'x2',
    null,
    'long-2',
    'x3',
    null
  ])
})

test('a server that restarts meanwhile has answered all of them', async (t) => {
  const store = await filled(t)
  await server.command('save')
  const all = Promise.all(Array.from({ length: 20 }, () => store.getExtIds('i', ids)))
  await server.kill()
  await server.restart()
  for (const each of await all) assert.deepEqual(each, found)
})
