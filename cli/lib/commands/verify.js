/** `verify`: the halves of a store's pairs with each other; `verify FROM TO`: two stores with each other. */

const { CODES, UsageError } = require('../exit')
const { shownId } = require('../mask')
const { Progress } = require('../progress')
const { selected } = require('../selection')
const { openStore } = require('../store')
const { watched } = require('../watchdog')
const { openBoth } = require('./both')

/** How many pairs are compared at once. */
const BATCH = 2_000

/** How many differences are told one by one. */
const MOST_TOLD = 10

/** Pairs of an integration, in lists. */
const lists = async function* (store, integrationId, signal) {
  let list = []
  for await (const pair of store.pairs(integrationId, { signal })) {
    list.push(pair)
    if (list.length < BATCH) continue
    yield list
    list = []
  }
  if (list.length > 0) yield list
}

/** Compares two stores pair by pair: all of the first with the second, and what the second has beyond. */
const compare = async (from, to, options, signal, alive, tell = () => {}) => {
  const result = { same: 0, missing: 0, different: 0, more: 0 }
  const note = (kind, integrationId, [botmaticId, extId]) => {
    result[kind]++
    tell(kind, `${shownId(integrationId, options)} ${botmaticId} ${extId}`)
  }
  const integrations = new Set()
  for (const store of options.all ? [from, to] : [from]) {
    for await (const integrationId of selected(store, options)) integrations.add(integrationId)
  }
  for (const integrationId of integrations) {
    for await (const list of lists(from, integrationId, signal)) {
      const found = await to.getExtIds(
        integrationId,
        list.map(([botmaticId]) => botmaticId)
      )
      list.forEach((pair, n) => {
        if (found[n] === pair[1]) result.same++
        else note(found[n] === null ? 'missing' : 'different', integrationId, pair)
      })
      alive()
    }
    for await (const list of lists(to, integrationId, signal)) {
      const found = await from.getExtIds(
        integrationId,
        list.map(([botmaticId]) => botmaticId)
      )
      list.forEach((pair, n) => {
        if (found[n] === null) note('more', integrationId, pair)
      })
      alive()
    }
  }
  return result
}

/** Compares the counts of two stores. */
const compareCounts = async (from, to, options, signal, alive) => {
  const result = { same: 0, different: 0 }
  for await (const integrationId of selected(from, options)) {
    signal.throwIfAborted()
    const [one, other] = [await from.countIds(integrationId), await to.countIds(integrationId)]
    result[one === other ? 'same' : 'different']++
    alive()
  }
  return result
}

const runBoth = async (fromUrl, toUrl, options, ui) => {
  const [from, to] = await openBoth(fromUrl, toUrl, options)
  const progress = new Progress('verify', options)
  try {
    return await watched(options.timeout, async (signal, alive) => {
      if (options.quick) {
        const counts = await compareCounts(from, to, options, signal, alive)
        progress.stop()
        ui.result(
          counts,
          `${counts.same} integrations have as many pairs in both, ${counts.different} have not; that says nothing of which pairs`
        )
        return counts.different > 0 ? CODES.different : CODES.done
      }
      let told = 0
      const tell = (kind, pair) => {
        if (++told <= MOST_TOLD) ui.tell(`${kind}: ${pair}`)
        if (told === MOST_TOLD + 1) ui.tell('and more')
      }
      const found = await compare(from, to, options, signal, alive, tell)
      progress.stop()
      const { same, missing, different, more } = found
      ui.result(
        found,
        `${same} pairs are the same; in the second ${missing} are missing, ${different} are others, ${more} are more`
      )
      return missing + different + more > 0 ? CODES.different : CODES.done
    })
  } finally {
    progress.stop()
    await Promise.all([from.quit(), to.quit()])
  }
}

const runOne = async (options, ui) => {
  if (options.repair) await ui.confirm('write the missing halves of pairs', options)
  const store = await openStore(options.url, options)
  const progress = new Progress('verify', options)
  try {
    return await watched(options.timeout, async (signal, alive) => {
      const sum = { pairs: 0, missing: 0, disagreeing: 0, repaired: 0 }
      const onProgress = ({ done }) => {
        alive()
        progress.update(done)
      }
      for await (const integrationId of selected(store, options)) {
        const found = await store.verifyIds(integrationId, {
          repair: options.repair,
          signal,
          onProgress
        })
        for (const name of Object.keys(sum)) sum[name] += found[name]
        for (const { problem, half, botmaticId, externalId } of found.findings.slice(
          0,
          MOST_TOLD
        )) {
          ui.tell(
            `${problem}: the ${half} half of ${shownId(integrationId, options)} ${botmaticId} ${externalId}`
          )
        }
      }
      progress.stop()
      ui.result(
        sum,
        `${sum.pairs} pairs are whole; ${sum.missing} halves are alone, ${sum.disagreeing} disagree, ${sum.repaired} were repaired`
      )
      return sum.missing + sum.disagreeing > sum.repaired ? CODES.different : CODES.done
    })
  } finally {
    progress.stop()
    await store.quit()
  }
}

const run = (fromUrl, toUrl, options, ui) => {
  if (fromUrl && !toUrl)
    throw new UsageError('verify takes no address, or two; one store is named by --url')
  if (!fromUrl && options.quick) throw new UsageError('--quick is for two stores')
  if (fromUrl && options.repair)
    throw new UsageError('--repair is for one store; copy FROM TO mends another')
  return fromUrl ? runBoth(fromUrl, toUrl, options, ui) : runOne(options, ui)
}

module.exports = { compare, run }
