/** The first import of an integration: every contact of the external service, page by page. */

const fs = require('node:fs')
const { parse } = require('csv-parse/sync')

const PAGE = 30

/** The contacts of a CSV file, one object a line. */
const readContacts = (file) => parse(fs.readFileSync(file), { columns: true })

/**
 * Saves the pair of each contact. A page's saves are all under way at once, as js-contact has
 * them; here the next page waits for them, to show progress.
 * @param {object} keyStore
 * @param {string} token the integration's id
 * @param {object[]} contacts
 * @param {number} firstId the id that botmatic gives to the first contact
 * @param {(count: number) => void} onPage
 */
const importContacts = async (keyStore, token, contacts, firstId, onPage) => {
  for (let start = 0; start < contacts.length; start += PAGE) {
    const page = contacts.slice(start, start + PAGE)
    const saves = page.map(({ id }, index) => keyStore.saveIds(token, firstId + start + index, id))
    await Promise.all(saves)
    onPage(page.length)
  }
}

module.exports = { readContacts, importContacts }
