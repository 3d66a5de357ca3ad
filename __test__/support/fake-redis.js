/**
 * A fake: Redis in memory, for what no real server can be made to answer, or not to, at the right
 * moment.
 */

const { once } = require('node:events')
const net = require('node:net')
const { SLOTS, slotOf } = require('./slots')

/** What a hook returns where its connection falls silent: nothing more is done on it. */
const SILENCE = Symbol('silence')
/** What it returns where a reply is lost on its way. */
const LOST = ''

const OK = '+OK\r\n'
const number = (value) => `:${value}\r\n`
const bulk = (text) =>
  text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`
const array = (items) => `*${items.length}\r\n${items.join('')}`

/** The first command in `input`, when all of it is there. */
const parse = (input) => {
  const words = []
  let at = 0
  const size = () => {
    const end = input.indexOf('\r\n', at)
    const value = end < 0 ? Number.NaN : Number(input.toString('latin1', at + 1, end))
    at = end + 2
    return value
  }
  const count = size()
  if (Number.isNaN(count)) return undefined
  while (words.length < count) {
    const bytes = size()
    if (!(at + bytes + 2 <= input.length)) return undefined
    words.push(input.toString('utf8', at, at + bytes))
    at += bytes + 2
  }
  return { words, rest: input.subarray(at) }
}

const remove = ({ data }, keys) => number(keys.filter((key) => data.delete(key)).length)

const store = ({ data }, pairs) => {
  for (let n = 0; n < pairs.length; n += 2) data.set(pairs[n], pairs[n + 1])
  return OK
}

const told = ({ id, socket, name }) => {
  const place = `127.0.0.1:${socket.remotePort} laddr=127.0.0.1:${socket.localPort}`
  return `id=${id} addr=${place} fd=8 name=${name} age=0 idle=0 flags=N db=0 cmd=client user=default\n`
}

const CLIENT = {
  ID: (_, { id }) => number(id),
  INFO: (_, connection) => bulk(told(connection)),
  LIST: ({ connections }) => bulk([...connections].map(told).join('')),
  SETINFO: () => OK,
  SETNAME: (_, connection, [name]) => {
    connection.name = name
    return OK
  },
  KILL: ({ connections }, _, filters) => {
    const wanted = filters[filters.findIndex((word) => word.toUpperCase() === 'ID') + 1]
    const killed = [...connections].filter(({ id }) => String(id) === wanted)
    for (const { socket } of killed) socket.destroy()
    return number(killed.length)
  }
}

const unknown = (name) => `-ERR unknown command '${name}', with args beginning with: \r\n`

const COMMANDS = {
  ASKING: () => OK,
  AUTH: () => OK,
  CLIENT: (fake, connection, [what, ...words]) =>
    CLIENT[what.toUpperCase()]?.(fake, connection, words) ?? unknown(`CLIENT|${what}`),
  DEL: (fake, _, keys) => remove(fake, keys),
  GET: ({ data }, _, [key]) => bulk(data.get(key)),
  INFO: () => bulk('redis_version:7.0.15\r\nloading:0\r\n'),
  MGET: ({ data }, _, keys) => array(keys.map((key) => bulk(data.get(key)))),
  MSET: (fake, _, pairs) => store(fake, pairs),
  PING: () => '+PONG\r\n',
  QUIT: () => OK,
  ROLE: () => array([bulk('master'), number(0), array([])]),
  // All in one page. A pattern is none but for its stars and brackets.
  SCAN: ({ data }, _, words) => {
    const glob = words[words.findIndex((word) => word.toUpperCase() === 'MATCH') + 1]
    const pattern = new RegExp(`^${glob.replaceAll('*', '.*')}$`, 's')
    return array([bulk('0'), array([...data.keys()].filter((key) => pattern.test(key)).map(bulk))])
  },
  SELECT: () => OK,
  SET: (fake, _, pair) => store(fake, pair.slice(0, 2)),
  UNLINK: (fake, _, keys) => remove(fake, keys)
}

const execute = (fake, connection, [name, ...words]) =>
  COMMANDS[name]?.(fake, connection, words) ?? unknown(name)

const serve = (fake, socket) => {
  const connection = {
    id: ++fake.accepted,
    name: '',
    socket,
    isSilent: false,
    /** Carries a command out and returns its reply. */
    execute: (words) => execute(fake, connection, words),
    /** Closes the connection behind what was answered on it. */
    close: () => {
      connection.isSilent = true
      socket.end()
      return SILENCE
    }
  }
  fake.connections.add(connection)
  socket.on('close', () => fake.connections.delete(connection))
  socket.on('error', () => {})
  let input = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    input = Buffer.concat([input, chunk])
    for (let command; !connection.isSilent && (command = parse(input)); ) {
      input = command.rest
      const [name, ...rest] = command.words
      const words = [name.toUpperCase(), ...rest]
      fake.log.push(words)
      const reply = fake.hook(words, connection) ?? connection.execute(words)
      if (reply === SILENCE) connection.isSilent = true
      else socket.write(reply)
    }
  })
}

/**
 * Starts a fake for the test `t`, on a free port of 127.0.0.1.
 * @param {(words: string[], connection: object) => string | symbol | undefined} [hook] sees each
 *   command first, its name in capitals; what it returns is the reply in Redis's protocol
 */
const startFake = async (t, hook = () => undefined) => {
  const fake = { hook, accepted: 0, connections: new Set(), data: new Map(), log: [] }
  const listener = net.createServer((socket) => serve(fake, socket))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  fake.port = listener.address().port
  fake.url = `redis://127.0.0.1:${fake.port}`
  /** Closes every connection. */
  fake.drop = () => {
    for (const { close } of fake.connections) close()
  }
  t.after(() => {
    listener.close()
    for (const { socket } of fake.connections) socket.destroy()
  })
  return fake
}

/** Starts a fake sentinel; `master` gives the port of the master that it names. */
const startFakeSentinel = (t, master, hook = () => undefined) => {
  const answer = ([name, what]) => {
    if (name !== 'SENTINEL') return undefined
    if (what.toUpperCase() === 'SENTINELS') return array([])
    return array([bulk('127.0.0.1'), bulk(String(master()))])
  }
  return startFake(t, (words, connection) => hook(words, connection) ?? answer(words))
}

/** What CLUSTER SLOTS says where each of these fakes has an equal share of the slots. */
const slotsOf = (masters) => {
  const start = (n) => Math.ceil((n * SLOTS) / masters.length)
  const node = ({ port }) => array([bulk('127.0.0.1'), number(port), bulk(`node-${port}`)])
  return array(
    masters.map((master, n) => array([number(start(n)), number(start(n + 1) - 1), node(master)]))
  )
}

/**
 * Starts so many fakes that are a cluster. `masters` are those that it has now: they share the slots
 * alike, and answer MOVED for a key that is not theirs.
 * @param {(words: string[], connection: object, node: object) => unknown} [hook] as that of one fake
 */
const startFakeCluster = async (t, count, hook = () => undefined) => {
  const cluster = {}
  cluster.owner = (key) =>
    cluster.masters[Math.floor((slotOf(key) * cluster.masters.length) / SLOTS)]
  const answer = ([name, key], node) => {
    if (name === 'CLUSTER') return slotsOf(cluster.masters)
    if (!['GET', 'SET', 'MSET', 'MGET', 'DEL', 'UNLINK'].includes(name)) return undefined
    const { port } = cluster.owner(key)
    return port === node.port ? undefined : `-MOVED ${slotOf(key)} 127.0.0.1:${port}\r\n`
  }
  const start = async () => {
    const node = await startFake(
      t,
      (words, connection) => hook(words, connection, node) ?? answer(words, node)
    )
    return node
  }
  cluster.nodes = await Promise.all(Array.from({ length: count }, start))
  cluster.masters = cluster.nodes
  cluster.ports = cluster.nodes.map(({ port }) => port)
  return cluster
}

module.exports = {
  LOST,
  SILENCE,
  array,
  bulk,
  number,
  slotsOf,
  startFake,
  startFakeCluster,
  startFakeSentinel
}
