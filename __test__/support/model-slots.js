/** Slots of a cluster that move from one master to another while calls are under way. */

const { ALIKE, APART } = require('./model-calls')
const { lose } = require('./model-faults')
const { keyOf } = require('./model')
const { until } = require('./topologies')

/** How long a MIGRATE may take, and replies be late, in ms. */
const MIGRATION = 5_000
const LATE = 40

/** Moves keys of a slot, all or at most so many; they come and go meanwhile. */
const migrate = async (slot, from, to, most = Number.POSITIVE_INFINITY) => {
  for (let moved = 0; moved < most; moved++) {
    const [key] = await from.command('cluster', 'getkeysinslot', slot, 1)
    if (key === undefined) return
    await from.command('migrate', '127.0.0.1', to.port, key, 0, MIGRATION)
  }
}

/**
 * @param {{shards: object[], newcomer: object, proxies: object[], words: string[]}} cluster a shard
 *   has a `master` and at first a `range` of slots; the newcomer has none
 */
const slotFaults = ({ shards, newcomer, proxies, words }) => {
  const all = [...shards, newcomer]
  /** The shards of slots that have moved. */
  const owners = new Map()
  const setSlot = ({ master }, slot, ...state) =>
    master.command('cluster', 'setslot', slot, ...state)

  /** A slot with keys of an integration, and the shard that has it. */
  const choose = async ({ pick, chance }) => {
    const space = chance(0.8) ? APART : ALIKE
    const integration = chance(0.5) ? '{t}' : pick(space.integrations)
    const key = keyOf(integration, 'b', pick(space.botmatic))
    const slot = await shards[0].master.command('cluster', 'keyslot', key)
    const first = shards.find(({ range: [start, end] }) => start <= slot && slot <= end)
    return { integration, slot, from: owners.get(slot) ?? first }
  }

  const begin = async ({ slot, from, to }) => {
    await setSlot(to, slot, 'importing', from.master.id)
    await setSlot(from, slot, 'migrating', to.master.id)
  }

  const finish = async ({ slot, from, to }, { burst }) => {
    await migrate(slot, from.master, to.master)
    await setSlot(to, slot, 'node', to.master.id)
    burst({ most: 30 })
    for (const shard of [from, ...all]) await setSlot(shard, slot, 'node', to.master.id)
    owners.set(slot, to)
  }

  /**
   * Nothing passes meanwhile: Redis itself would lose what comes. A deletion that has begun before the move
   * is over by then: it cannot see one that comes and goes, see docs/guarantees.md.
   */
  const callOff = async ({ slot, from, to }, { burst, settled }) => {
    await settled()
    burst()
    for (const proxy of proxies) proxy.stall()
    for (const { master } of [from, to]) await master.command('ping')
    await setSlot(from, slot, 'stable')
    await migrate(slot, to.master, from.master)
    await setSlot(to, slot, 'stable')
    for (const proxy of proxies) await proxy.heal()
  }

  /** A master that came back takes nothing for up to two seconds, keys that are moved neither. */
  const isServed = async () => {
    const infos = await Promise.all(all.map(({ master }) => master.command('cluster', 'info')))
    return infos.every((info) => /cluster_state:ok/.test(info))
  }

  /** Begins to move a slot, key by key, beside calls and a walk; `end` says how that ends. */
  const move = async (game, { integration, ...way }, end) => {
    await until(isServed)
    const { chance, next, burst, flood, call, pause } = game
    const wipe = () => {
      if (APART.integrations.includes(integration) && chance(0.5)) {
        call('deleteAllIds', [integration])
      }
    }
    if (chance(0.5)) for (const proxy of proxies) proxy.delay(Math.ceil(next() * LATE))
    burst()
    wipe()
    await pause(2 * LATE)
    await begin(way)
    burst()
    wipe()
    await pause(LATE)
    const some = Math.ceil(next() * 4)
    const flooded = flood()
    await migrate(way.slot, way.from.master, way.to.master, some)
    await flooded
    if (chance(0.3)) await lose(game, proxies, words)
    burst()
    await end(way, game)
    for (const proxy of proxies) await proxy.heal()
    burst()
  }

  const moveAway = (end) => async (game) => {
    const way = await choose(game)
    const others = shards.filter((shard) => shard !== way.from)
    await move(game, { ...way, to: game.pick(others) }, end)
  }

  return {
    'a slot moves': moveAway(finish),
    'another slot moves': moveAway(finish),
    'a slot begins to move and stays': moveAway(callOff),
    'a slot goes to a new master and comes back': async (game) => {
      const way = await choose(game)
      await move(game, { ...way, to: newcomer }, finish)
      await move(game, { ...way, from: newcomer, to: way.from }, finish)
    }
  }
}

module.exports = { slotFaults }
