/** What Node shows of a process that is said to be done, as `jest --detectOpenHandles` looks at it. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { runScript } = require('./support/programs')
const { useServer } = require('./support/redis')

const server = useServer()

/**
 * Runs `body` in a process of its own, where `open()` names what keeps it alive by async_hooks, and
 * `all()` what there is at all; gives what it printed.
 */
const watched = async (body) => {
  const script = `
    const { createHook } = require('node:async_hooks')
    const ordinary = ['PROMISE', 'TickObject', 'Microtask', 'Immediate', 'Timeout', 'TIMERWRAP']
    const resources = new Map()
    createHook({
      init(id, type, _, resource) {
        if (!ordinary.includes(type)) resources.set(id, { type, resource })
      },
      destroy: (id) => resources.delete(id)
    }).enable()
    const isOpen = ({ resource }) => !resource.hasRef || resource.hasRef()
    const names = (those) => those.map(({ type }) => type).join() || 'nothing'
    const all = () => names([...resources.values()])
    const open = () => names([...resources.values()].filter(isOpen))
    const seen = []
    const turn = () => new Promise(setImmediate)
    const createKeyStore = require('.')
    ;(async () => {
      ${body}
      await turn()
      await turn()
      seen.push(all())
    })().then(() => process.stdout.write(seen.join('\\n')))
  `
  const { stdout, stderr } = await runScript(script)
  assert.equal(stderr, '')
  return stdout.split('\n')
}

test('loading the module opens nothing', async () => {
  assert.deepEqual(await watched(''), ['nothing'])
})

test('a store is open while a call is under way; after quit it is gone, also when called again', async () => {
  const body = `
    const store = createKeyStore('${server.url}')
    seen.push(open())
    const saved = store.saveIds('i', 1, 'x')
    seen.push(open())
    seen.push(await saved)
    seen.push(open())
    await store.quit()
    await turn()
    await turn()
    seen.push(all())
    seen.push(await store.saveIds('i', 1, 'x'), await store.getExtId('i', 1))
    seen.push(open())
  `
  assert.deepEqual(await watched(body), [
    'nothing',
    'js-redis-key-store',
    'true',
    'nothing',
    'nothing',
    'false',
    '',
    'nothing',
    'nothing'
  ])
})

test('a store that never was called is gone after quit', async () => {
  const body = `
    const store = createKeyStore('${server.url}')
    seen.push(await store.quit(), await store.quit())
  `
  assert.deepEqual(await watched(body), ['true', 'true', 'nothing'])
})

test('a store whose server cannot be reached is gone after quit', async () => {
  const body = `
    const store = createKeyStore('redis://127.0.0.1:1', { readTimeout: 50 })
    seen.push(String(await store.getExtId('i', 1)))
    await store.quit()
  `
  assert.deepEqual(await watched(body), ['undefined', 'nothing'])
})

test('a store whose client the application closed and opened again', async () => {
  const body = `
    const { once } = require('node:events')
    const Redis = require('ioredis5')
    const client = new Redis({ host: '127.0.0.1', port: ${server.port} })
    const store = createKeyStore(client)
    seen.push(await store.saveIds('i', 1, 'x'))
    await Promise.all([once(client, 'end'), client.quit()])
    seen.push(await store.saveIds('i', 1, 'x'))
    await client.connect()
    seen.push(await store.getExtId('i', 1))
    await Promise.all([once(client, 'end'), store.quit()])
    await turn()
    await turn()
    seen.push(all().includes('js-redis-key-store'))
  `
  assert.deepEqual((await watched(body)).slice(0, 4), ['true', 'false', 'x', 'false'])
})
