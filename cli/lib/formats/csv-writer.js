/** Pairs as rows of CSV. */

const { stringify } = require('csv-stringify/sync')

/** What is quoted beside what must be: line ends of any kind, and what would be taken for a mark or a comment. */
const QUOTED = /[\r\n]|^[#\ufeff]/

class CsvWriter {
  #columns
  #options

  /** @param {{columns: {name: string | undefined, title: string}[], delimiter: string}} format */
  constructor({ columns, delimiter }) {
    this.#columns = columns
    this.#options = { delimiter, quoted_match: QUOTED, record_delimiter: '\n' }
  }

  /** The line with the titles. */
  header() {
    return stringify([this.#columns.map(({ title }) => title)], this.#options)
  }

  /** @param {object[]} pairs with `integrationId`, `botmaticId` and `extId` */
  rows(pairs) {
    const rows = pairs.map((pair) => this.#columns.map(({ name }) => (name ? pair[name] : '')))
    return stringify(rows, this.#options)
  }
}

module.exports = { CsvWriter }
