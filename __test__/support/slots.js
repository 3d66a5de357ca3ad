/** Slots of a cluster: which key has which, and their move from one master of `useCluster` to another. */

const SLOTS = 16_384

/** The slot of a key: that of its hash tag, when it has one. */
const slotOf = (key) => {
  const [, tag] = /^[^{]*\{([^}]+)\}/.exec(key) ?? []
  let crc = 0
  for (const byte of Buffer.from(tag ?? key)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)
    crc &= 0xffff
  }
  return crc % SLOTS
}

/** The first text that `make` gives for 0, 1, 2 … which is good. */
const first = (make, isGood) => {
  for (let n = 0; n < 10_000; n++) if (isGood(make(n))) return make(n)
  throw new Error(`none of ${make(0)}, ${make(1)} … is good`)
}

/** The number of the master that has a slot. */
const ownerOf = async ({ masters }, slot) => {
  const ranges = await masters[0].command('cluster', 'slots')
  const [, , [, port]] = ranges.find(([from, to]) => from <= slot && slot <= to)
  return masters.findIndex((master) => master.port === port)
}

/** An integration id that keeps all its pairs in one slot, which the master of that number has. */
const integrationOn = async ({ masters }, number) => {
  const ranges = await masters[0].command('cluster', 'slots')
  const isThere = (id) =>
    ranges.some(
      ([from, to, [, port]]) =>
        port === masters[number].port && from <= slotOf(id) && slotOf(id) <= to
    )
  return first((n) => `{i${n}}`, isThere)
}

/** Begins the move of a slot: both masters know of it, and no key has gone yet. */
const beginMove = async ({ masters, ids }, slot, from, to) => {
  await masters[to].command('cluster', 'setslot', slot, 'importing', ids[from])
  await masters[from].command('cluster', 'setslot', slot, 'migrating', ids[to])
}

/** Moves the keys of a slot whose move has begun. */
const moveKeys = async ({ masters }, slot, from, to) => {
  const keys = await masters[from].command('cluster', 'getkeysinslot', slot, 10_000)
  if (keys.length === 0) return
  const target = ['127.0.0.1', masters[to].port, '', 0, 5_000]
  await masters[from].command('migrate', ...target, 'keys', ...keys)
}

/** Moves what keys there are and gives the slot away. */
const endMove = async (cluster, slot, from, to) => {
  await moveKeys(cluster, slot, from, to)
  const { masters, ids } = cluster
  for (const { command } of [masters[to], masters[from], ...masters]) {
    await command('cluster', 'setslot', slot, 'node', ids[to])
  }
}

/** Calls the move of a slot off, as far as these masters know of it. */
const callOff = async (masters, slot) => {
  for (const { command } of masters) await command('cluster', 'setslot', slot, 'stable')
}

module.exports = {
  SLOTS,
  beginMove,
  callOff,
  endMove,
  first,
  integrationOn,
  moveKeys,
  ownerOf,
  slotOf
}
