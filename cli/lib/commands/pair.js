/** `get`, `set` and `delete`: one pair, or all of an integration. */

const { CODES, UsageError } = require('../exit')
const { shownId } = require('../mask')
const { theOne } = require('../selection')
const { openStore } = require('../store')

/** Opens a store for one thing to be done. */
const withStore = async (options, work) => {
  const store = await openStore(options.url, options)
  try {
    return await work(store)
  } finally {
    await store.quit()
  }
}

const get = (options, ui) => {
  const integrationId = theOne(options)
  const { botmatic, ext } = options
  if ((botmatic === undefined) === (ext === undefined)) {
    throw new UsageError('say one id: --botmatic ID or --ext ID')
  }
  return withStore(options, async (store) => {
    const found =
      botmatic === undefined
        ? await store.getBotmaticId(integrationId, ext)
        : await store.getExtId(integrationId, botmatic)
    if (found === null) {
      ui.result({ id: null }, 'there is no such pair')
      return CODES.different
    }
    ui.print({ id: found }, found)
    return CODES.done
  })
}

const set = (botmaticId, extId, options, ui) => {
  const integrationId = theOne(options)
  return withStore(options, async (store) => {
    await store.saveIds(integrationId, botmaticId, extId)
    ui.result({ saved: 1 }, 'saved')
    return CODES.done
  })
}

/** The pair that one or both ids name. */
const pairOf = async (store, integrationId, { botmatic, ext }) => [
  botmatic ?? (await store.getBotmaticId(integrationId, ext)),
  ext ?? (await store.getExtId(integrationId, botmatic))
]

const remove = async (options, ui) => {
  const integrationId = theOne(options)
  const { all, botmatic, ext } = options
  const isPair = botmatic !== undefined || ext !== undefined
  if (all === isPair || (!all && !isPair)) {
    throw new UsageError('say what: --botmatic ID, --ext ID or both, or --all of the integration')
  }
  const what = all ? 'all pairs' : 'a pair'
  await ui.confirm(`delete ${what} of ${shownId(integrationId, options)}`, options)
  return withStore(options, async (store) => {
    if (all) {
      const pairs = await store.countIds(integrationId)
      await store.deleteAllIds(integrationId)
      ui.result({ deleted: pairs }, `deleted ${pairs} pairs`)
      return CODES.done
    }
    const [botmaticId, extId] = await pairOf(store, integrationId, options)
    const isWhole = botmaticId !== null && extId !== null
    const wasThere = isWhole && (await store.deleteIds(integrationId, botmaticId, extId))
    ui.result({ deleted: Number(wasThere) }, wasThere ? 'deleted' : 'there is no such pair')
    return wasThere ? CODES.done : CODES.different
  })
}

module.exports = { get, remove, set, withStore }
