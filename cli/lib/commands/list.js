/** `integrations`, `count` and `list`: what is there. */

const { CODES } = require('../exit')
const { shownId } = require('../mask')
const { records, selected } = require('../selection')
const { withStore } = require('./pair')

const integrations = (options, ui) =>
  withStore(options, async (store) => {
    let count = 0
    for await (const { integrationId, pairs } of store.integrations()) {
      const shown = shownId(integrationId, options)
      ui.print({ integrationId: shown, pairs }, `${pairs}\t${shown}`)
      count++
    }
    ui.note(`${count} integrations`)
    return CODES.done
  })

const count = (options, ui) =>
  withStore(options, async (store) => {
    let sum = 0
    for await (const integrationId of selected(store, options)) {
      const pairs = await store.countIds(integrationId)
      const shown = shownId(integrationId, options)
      ui.print({ integrationId: shown, pairs }, `${pairs}\t${shown}`)
      sum += pairs
    }
    ui.note(`${sum} pairs`)
    return CODES.done
  })

const list = (options, ui) =>
  withStore(options, async (store) => {
    for await (const { integrationId, botmaticId, extId } of records(store, options)) {
      const shown = shownId(integrationId, options)
      ui.print({ integrationId: shown, botmaticId, extId }, `${shown}\t${botmaticId}\t${extId}`)
    }
    return CODES.done
  })

module.exports = { count, integrations, list }
