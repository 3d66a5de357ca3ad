/** Which integrations a command is for. */

const { UsageError } = require('./exit')

/** The integrations that `--integration` names, or all that the store has with `--all`. */
const selected = async function* (store, { integration = [], all }) {
  if (integration.length > 0 && all)
    throw new UsageError('--all and --integration exclude each other')
  if (integration.length === 0 && !all) {
    throw new UsageError('say which integrations: --integration ID, as often as wanted, or --all')
  }
  if (!all) {
    yield* new Set(integration)
    return
  }
  for await (const { integrationId } of store.integrations()) yield integrationId
}

/** The one integration of a command on a pair. */
const theOne = ({ integration = [] }) => {
  if (integration.length !== 1)
    throw new UsageError('say which integration: --integration ID, once')
  return integration[0]
}

/** All records of what is selected. */
const records = async function* (store, options, signal) {
  for await (const integrationId of selected(store, options)) {
    for await (const [botmaticId, extId] of store.pairs(integrationId, { signal })) {
      yield { integrationId, botmaticId, extId }
    }
  }
}

module.exports = { records, selected, theOne }
