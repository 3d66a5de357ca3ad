/** What an integration does when botmatic tells it of a contact. */

const fs = require('node:fs')
const crypto = require('node:crypto')

/** The events of a file, one in a line. */
const readEvents = (file) =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** Stands for the external service's own API: gives the id of a new contact there. */
const createOutside = () => `crm-${crypto.randomUUID()}`

/**
 * The listeners of one integration, by event.
 * @param {object} keyStore
 * @param {string} token the integration's id
 */
const listeners = (keyStore, token) => ({
  contact_created: ({ contact }) => keyStore.saveIds(token, contact.id, createOutside()),

  contact_updated: async ({ contact }) => {
    const extId = await keyStore.getExtId(token, contact.id)
    if (extId === undefined) throw new Error('the lookup failed, the event must come again')
    // null: botmatic knows a contact that the external service has not seen yet.
    if (extId === null) await keyStore.saveIds(token, contact.id, createOutside())
  },

  contact_deleted: async ({ contact }) => {
    const extId = await keyStore.getExtId(token, contact.id)
    await keyStore.deleteIds(token, contact.id, extId)
  },

  uninstall: () => keyStore.deleteAllIds(token)
})

module.exports = { readEvents, listeners }
