/** Which column of a CSV file holds what. */

const { usage } = require('../trouble')

/** The names of a pair's parts, in the order in which they are written. */
const NAMES = ['integrationId', 'botmaticId', 'extId']

/**
 * The columns that `--columns` names, in their order: `name`, `name=the file's own name`, or `-` for one
 * that is left out.
 * @param {string} [text]
 * @returns {{name: string | undefined, title: string}[]}
 */
const parseColumns = (text) => {
  if (text === undefined) return NAMES.map((name) => ({ name, title: name }))
  const columns = text.split(',').map((part) => {
    const [, given, own] = /^([^=]*)(?:=(.*))?$/s.exec(part)
    const name = given.trim()
    const title = (own ?? name).trim()
    if (name !== '-' && !NAMES.includes(name)) {
      throw usage(`--columns: "${name}" is none of ${NAMES.join(', ')}, or - for a column left out`)
    }
    return { name: name === '-' ? undefined : name, title }
  })
  for (const name of NAMES) {
    const count = columns.filter((column) => column.name === name).length
    if (count > 1) throw usage(`--columns names ${name} twice`)
    if (count === 0 && name !== 'integrationId') throw usage(`--columns does not name ${name}`)
  }
  return columns
}

/**
 * Where in a row the parts of a pair are: an index each, and how many columns a row has.
 * @param {{name: string | undefined, title: string}[]} columns
 * @param {string[]} [header] the titles in the file; without it, the columns are in their order
 */
const placesOf = (columns, header) => {
  const own = columns.filter(({ name }) => name !== undefined)
  const places = { width: (header ?? columns).length }
  const titles = header?.map((title) => title.trim())
  for (const { name, title } of own) {
    places[name] = titles
      ? titles.indexOf(title)
      : columns.findIndex((column) => column.name === name)
    if (titles && places[name] !== titles.lastIndexOf(title)) {
      throw usage(`the first line has two columns "${title}"; rename one of them`)
    }
    if (places[name] < 0 && name !== 'integrationId') {
      throw usage(
        `the first line has no column "${title}", only ${titles.map((each) => `"${each.slice(0, 40)}"`).join(', ')}. ` +
          `Say --columns ${name}=… which it is, or --no-header when the first line is a pair already`
      )
    }
  }
  return { integrationId: -1, ...places }
}

module.exports = { NAMES, parseColumns, placesOf }
