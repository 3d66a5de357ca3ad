/** `verifyIds`: halves without their other half, halves that disagree, and what is put back. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const createOriginal = require('@botmatic/js-redis-key-store')
const redis3 = require('redis3')
const redis6 = require('redis6')
const createKeyStore = require('..')
const { open } = require('./support/open')
const { contents, useServer } = require('./support/redis')
const { useCluster } = require('./support/topologies')

const server = useServer()
const cluster = useCluster([], { replicas: 0 })

const KINDS = {
  'on a server': {
    open: async (t, options) => {
      await server.command('flushall')
      return open(t, server.url, options)
    },
    set: (key, value) => server.command('set', key, value)
  },
  'over a pool of redis 6': {
    open: async (t, options) => {
      await server.command('flushall')
      const client = await redis6.createClientPool({ url: server.url }).connect()
      client.on('error', () => {})
      t.after(() => client.destroy())
      return createKeyStore(client, options)
    },
    set: (key, value) => server.command('set', key, value)
  },
  'on a cluster': {
    open: async (t, options) => {
      for (const { command } of cluster.masters) await command('flushall')
      return open(t, `redis-cluster://127.0.0.1:${cluster.ports[0]}`, options)
    },
    set: async (key, value) => {
      const isSet = ({ command }) =>
        command('set', key, value).then(
          () => true,
          () => false
        )
      const set = await Promise.all(cluster.masters.map(isSet))
      assert.equal(set.filter(Boolean).length, 1)
    }
  }
}

const collect = async (verification) => {
  const findings = []
  for await (const finding of verification) findings.push(finding)
  return findings.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
}

const NOTHING = { pairs: 0, missing: 0, disagreeing: 0, shared: 0, ambiguous: 0, repaired: 0 }

for (const [name, kind] of Object.entries(KINDS)) {
  describe(name, () => {
    test('whole pairs: nothing is wrong', async (t) => {
      const store = await kind.open(t)
      await store.saveAllIds(
        'i',
        Array.from({ length: 2_500 }, (_, n) => [n, `x${n}`])
      )
      await store.saveAllIds('i', [
        ['x:b:1', 'one'],
        ['q', 'y:e:2']
      ])
      await store.saveIds('other', 1, 'x')
      assert.deepEqual(await store.verifyIds('i'), { ...NOTHING, pairs: 2_502 })
      assert.deepEqual(await collect(store.verifyIds('i')), [])
      assert.deepEqual(await store.verifyIds('none'), NOTHING)
    })

    test('a missing half of either kind is found, and put back', async (t) => {
      const store = await kind.open(t)
      await store.saveIds('i', 0, 'x0')
      await kind.set('i:b:1', 'x1')
      await kind.set('i:e:x2', '2')
      const [isAmbiguous, isRepaired] = [false, false]
      const found = [
        { half: 'botmatic', botmaticId: '1', externalId: 'x1', isAmbiguous, isRepaired },
        { half: 'external', botmaticId: '2', externalId: 'x2', isAmbiguous, isRepaired }
      ].map((finding) => ({ problem: 'missing', ...finding }))
      assert.deepEqual(await collect(store.verifyIds('i')), found)
      assert.equal(await store.getBotmaticId('i', 'x1'), null)

      const repairing = store.verifyIds('i', { repair: true })
      const repaired = found.map((finding) => ({ ...finding, isRepaired: true }))
      assert.deepEqual(await collect(repairing), repaired)
      assert.deepEqual(await repairing, { ...NOTHING, pairs: 1, missing: 2, repaired: 2 })
      assert.equal(await store.getBotmaticId('i', 'x1'), '1')
      assert.equal(await store.getExtId('i', '2'), 'x2')
      assert.deepEqual(await store.verifyIds('i'), { ...NOTHING, pairs: 3 })
    })

    test('what two halves claim is told, and left alone', async (t) => {
      const store = await kind.open(t)
      await kind.set('i:b:1', 'x')
      await kind.set('i:b:2', 'x')
      await kind.set('i:e:y', '3')
      await kind.set('i:e:z', '3')
      const counts = { ...NOTHING, missing: 4, ambiguous: 4 }
      assert.deepEqual(await store.verifyIds('i', { repair: true }), counts)
      const findings = await collect(store.verifyIds('i', { repair: true }))
      assert.ok(findings.every((finding) => finding.isAmbiguous && !finding.isRepaired))
      assert.equal(await store.getBotmaticId('i', 'x'), null)
      assert.equal(await store.getExtId('i', '3'), null)
    })

    test('what is saved or deleted while findings are gone through is not put back', async (t) => {
      const store = await kind.open(t)
      /** Goes through two halves that miss the other one; `change` is told the one that comes second. */
      const repair = async (integrationId, change) => {
        for (const n of [1, 2]) await kind.set(`${integrationId}:b:${n}`, `x${n}`)
        const found = []
        for await (const { botmaticId } of store.verifyIds(integrationId, { repair: true })) {
          found.push(botmaticId)
          await change(botmaticId === '1' ? 2 : 1)
        }
        assert.equal(found.length, 1)
        return found[0] === '1' ? 2 : 1
      }
      let second = await repair('taken', (n) => store.saveIds('taken', 7, `x${n}`))
      assert.equal(await store.getBotmaticId('taken', `x${second}`), '7')
      second = await repair('moved', (n) => store.saveIds('moved', n, 'new'))
      assert.equal(await store.getExtId('moved', second), 'new')
      second = await repair('deleted', () => store.deleteAllIds('deleted'))
      assert.equal(await store.countIds('deleted'), 0)
    })

    test('halves of empty ids are told, and left alone', async (t) => {
      const store = await kind.open(t)
      await store.saveIds('i', 0, 'x0')
      for (const [key, value] of [
        ['i:b:1', ''],
        ['i:e:x', ''],
        ['i:b:', 'y'],
        ['i:e:', '2']
      ]) {
        await kind.set(key, value)
      }
      const counts = { ...NOTHING, pairs: 1, missing: 2 }
      assert.deepEqual(await store.verifyIds('i', { repair: true }), counts)
      assert.equal(await store.getExtId('i', 1), '')
    })

    test('one external id of two botmatic ids is legal; an old one left behind disagrees', async (t) => {
      const store = await kind.open(t)
      await store.saveAllIds('i', [
        [1, 'x'],
        [2, 'x'],
        [3, 'old'],
        [3, 'new']
      ])
      const verification = store.verifyIds('i', { repair: true })
      assert.deepEqual(await collect(verification), [
        {
          problem: 'disagreeing',
          half: 'external',
          botmaticId: '3',
          externalId: 'old',
          found: 'new'
        },
        { problem: 'shared', half: 'botmatic', botmaticId: '1', externalId: 'x', found: '2' }
      ])
      const counts = { ...NOTHING, pairs: 2, disagreeing: 1, shared: 1 }
      assert.deepEqual(await verification, counts)
      assert.equal(await store.getBotmaticId('i', 'old'), '3')
    })
  })
}

test('what the original leaves when its process dies between its two commands', async (t) => {
  const store = await KINDS['on a server'].open(t)
  const client = redis3.createClient(server.port)
  t.after(() => client.end(true))
  const set = client.set.bind(client)
  let written = 0
  // The process is gone after the first.
  client.set = (...args) => (written++ === 0 ? set(...args) : undefined)
  createOriginal(client).saveIds('i', 1, 'x')
  while ((await server.command('dbsize')) === 0) await new Promise(setImmediate)
  assert.deepEqual(await store.verifyIds('i', { repair: true }), {
    ...NOTHING,
    missing: 1,
    repaired: 1
  })
  assert.deepEqual(await contents(server.command), { 'i:b:1': 'x', 'i:e:x': '1' })
})

test('what is left early has no counts, and goes no further', async (t) => {
  const store = await KINDS['on a server'].open(t)
  for (const n of [1, 2, 3]) await server.command('set', `i:b:${n}`, `x${n}`)
  const verification = store.verifyIds('i', { repair: true })
  for await (const { isRepaired } of verification) {
    assert.ok(isRepaired)
    break
  }
  await assert.rejects(verification, /left before its end/)
  assert.equal(await server.command('dbsize'), 4)
})

test('a failure and an abort reject, for who awaits and for who goes through it', async (t) => {
  const store = await KINDS['on a server'].open(t)
  await store.saveIds('i', 1, 'x')
  const signal = AbortSignal.abort()
  await assert.rejects(store.verifyIds('i', { signal }), { name: 'AbortError' })
  await assert.rejects(collect(store.verifyIds('i', { signal })), { name: 'AbortError' })
  await assert.rejects(store.verifyIds('i', { repair: 1 }), /"repair" must be true or false/)
  const wrong = store.verifyIds(Symbol('i'))
  await wrong.catch((error) => assert.ok(error instanceof TypeError)).finally(() => {})
  await store.quit()
  await assert.rejects(store.verifyIds('i'), { code: 'CLOSED' })
})

test('what stands in place of a half and is no text is told, and left alone', async (t) => {
  const store = await KINDS['on a server'].open(t)
  await server.command('set', 'i:b:1', 'x')
  await server.command('hset', 'i:e:x', 'field', 'of another program')
  const write = `redis.call('set', KEYS[1], '\\255\\254')`
  await server.command('eval', write, 1, 'i:e:y')
  const counts = { ...NOTHING, missing: 2 }
  assert.deepEqual(await store.verifyIds('i', { repair: true }), counts)
  assert.equal(await server.command('type', 'i:e:x'), 'hash')
  assert.equal(await server.command('strlen', 'i:e:y'), 2)
  assert.equal(await server.command('dbsize'), 3)
})

test('a repair that fails rejects', async (t) => {
  const store = await KINDS['on a server'].open(t, { strict: false })
  await server.command('set', 'i:b:1', 'x')
  await server.command('acl', 'setuser', 'reader', 'on', '>secret', '~*', '+@read', '+@connection')
  const reader = open(t, `redis://reader:secret@127.0.0.1:${server.port}`)
  await assert.rejects(reader.verifyIds('i', { repair: true }), { code: 'NOPERM' })
  assert.equal((await store.verifyIds('i')).missing, 1)
})
