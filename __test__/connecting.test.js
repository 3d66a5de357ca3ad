/** Connecting through what gets in the way: the reason is told, and what can be passed is passed. */

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const os = require('node:os')
const { after, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { within } = require('../lib/shared/within')
const { freePort } = require('../scripts/redis')
const { startFake } = require('./support/fake-redis')
const { open } = require('./support/open')
const { ROOT, preload, runScript } = require('./support/programs')
const { useServer } = require('./support/redis')
const { makeCertificates, tlsConfiguration } = require('./support/tls')
const { lazyCluster, lazySentinel } = require('./support/topology-clients')

const SHORT = { strict: true, readTimeout: 300, connectTimeout: 200 }

describe('a server that wants a client certificate', () => {
  const certificates = makeCertificates()
  after(() => certificates.remove())
  const read = (name) => certificates.read(name)
  const stranger = { cert: read('stranger.crt'), key: read('stranger.key') }

  for (const protocol of ['TLSv1.2', 'TLSv1.3']) {
    let port
    const server = useServer({
      args: async () => {
        port = await freePort()
        const words = ['tls-protocols', protocol, ...tlsConfiguration(certificates, port, 'yes')]
        return words.map((word, n) => (n % 2 ? word : `--${word}`))
      }
    })
    for (const [name, own] of Object.entries({ none: {}, 'one it does not trust': stranger })) {
      test(`over ${protocol}, and gets ${name}: TLS, with the reason`, async (t) => {
        const tls = { ca: read('ca.crt'), ...own }
        const store = open(t, { host: '127.0.0.1', port, tls }, SHORT)
        await assert.rejects(store.getExtId('i', 1), {
          code: 'TLS',
          message: /no TLS connection to 127\.0\.0\.1:\d+: .*(certificate|unknown.?ca|handshake)/i
        })
      })
    }
    test(`over ${protocol}, and gets it`, async (t) => {
      const tls = { ca: read('ca.crt'), cert: read('client.crt'), key: read('client.key') }
      const store = open(t, { host: '127.0.0.1', port, tls }, SHORT)
      assert.equal(await store.getExtId('i', 1), null)
      assert.equal(await server.command('dbsize'), 0)
    })
  }
})

describe('a server that says why it hangs up', () => {
  const outside = Object.values(os.networkInterfaces())
    .flat()
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  const server = useServer({ args: ['--protected-mode', 'yes', '--bind', '0.0.0.0'] })
  const hangsUp =
    (reason) =>
    (_, { socket, close }) => {
      socket.write(`-${reason}\r\n`)
      return close()
    }
  const DENIED = 'DENIED Redis is running in protected mode because protected mode is enabled.'
  const fails = (store, message) =>
    assert.rejects(store.getExtId('i', 1), { code: 'UNREACHABLE', message })

  test('it is in protected mode', async (t) => {
    // A machine that has no address of its own has a fake.
    const { url } = outside
      ? { url: `redis://${outside}:${server.port}` }
      : await startFake(t, hangsUp(DENIED))
    await fails(open(t, url, SHORT), /DENIED/)
  })

  test('it has no room for one more client', async (t) => {
    await server.command('config', 'set', 'maxclients', 1)
    t.after(() => server.command('config', 'set', 'maxclients', 100))
    await fails(open(t, server.url, SHORT), /max number of clients/)
  })

  for (const [name, client] of Object.entries({ sentinel: lazySentinel, node: lazyCluster })) {
    test(`the only ${name}, a fake, is in protected mode`, async (t) => {
      const { port } = await startFake(t, hangsUp(DENIED))
      await fails(open(t, client([port]), SHORT), /DENIED/)
    })
  }
})

describe('a name with two addresses, the first of which', () => {
  const server = useServer()
  const FIRSTS = {
    'accepts and never answers': () => {},
    'hangs up': (socket) => socket.destroy(),
    'is no Redis': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    refuses: undefined
  }
  for (const [name, accept] of Object.entries(FIRSTS)) {
    test(`${name}: the second serves`, async (t) => {
      if (accept) {
        const sockets = new Set()
        const listener = net.createServer((socket) => {
          sockets.add(socket.on('error', () => {}))
          accept(socket)
        })
        listener.listen(server.port, '127.0.0.2')
        await once(listener, 'listening')
        t.after(() => {
          listener.close()
          for (const socket of sockets) socket.destroy()
        })
      }
      const script = `
        const place = { host: 'redis.test', port: ${server.port} }
        const store = require('.')(place, { connectTimeout: 1_000, writeTimeout: 3_000 })
        store.saveIds('i', 1, 'x').then(console.log)
      `
      const env = await preload(t, 'two-addresses')
      const { stdout, stderr } = await runScript(script, { limit: 10_000, env })
      assert.deepEqual([stdout, stderr], ['true\n', ''])
    })
  }
})

describe('the system', () => {
  const server = useServer()

  test('knows no socket options: the store does without', async (t) => {
    const env = await preload(t, 'no-socket-options')
    const script = `
      require('.')('${server.url}', { writeTimeout: 1_000 }).saveIds('i', 1, 'x').then(console.log)
    `
    const { stdout, stderr } = await runScript(script, { limit: 10_000, env })
    assert.deepEqual([stdout, stderr], ['true\n', ''])
  })

  test('stops this process for longer than responseTimeout: replies that lay there count', async (t) => {
    const RESPONSE_TIMEOUT = 200
    // Under load, so that it is stopped at work as well as asleep.
    const script = `
      const options = { responseTimeout: ${RESPONSE_TIMEOUT}, strict: true }
      const store = require('.')('${server.url}', options)
      let isOver = false
      const load = async () => {
        while (!isOver) await store.getExtId('i', 1)
      }
      process.on('message', () => (isOver = true))
      store.saveIds('i', 1, 'x').then(async () => {
        process.send('runs')
        await Promise.all(Array.from({ length: 64 }, load))
        process.send(store.stats().reconnects)
        process.disconnect()
      })
    `
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc']
    const child = spawn(process.execPath, ['-e', script], { cwd: ROOT, stdio })
    t.after(() => child.kill('SIGKILL'))
    const message = async () => (await within(5_000, once(child, 'message')))[0]
    assert.equal(await message(), 'runs')
    for (let n = 0; n < 8; n++) {
      await sleep(50)
      child.kill('SIGSTOP')
      await sleep(1.5 * RESPONSE_TIMEOUT)
      child.kill('SIGCONT')
    }
    child.send('end')
    assert.equal(await message(), 0)
  })
})
