/** The format of a file of pairs, by its name and the options. */

const { parseColumns } = require('../formats/columns')
const { usage } = require('../trouble')

/**
 * @param {string} path
 * @param {{format?: string, header?: boolean, columns?: string, delimiter?: string}} options
 * @returns {{format: 'ndjson' | 'csv', header: boolean, columns: object[], delimiter: string}}
 */
const formatOf = (path, options) => {
  const [, extension] = /\.(csv|tsv)(?:\.gz)?$/i.exec(path) ?? []
  const format = options.format ?? (extension ? 'csv' : 'ndjson')
  if (format === 'ndjson') {
    if ((options.columns ?? options.delimiter ?? options.header) !== undefined) {
      throw usage('--header, --columns and --delimiter are for CSV: add --format csv')
    }
    return { format }
  }
  const given = options.delimiter ?? (extension?.toLowerCase() === 'tsv' ? '\t' : ',')
  const delimiter = { '\\t': '\t', tab: '\t' }[given] ?? given
  if (delimiter === '' || /["\r\n]/.test(delimiter)) {
    throw usage('--delimiter must be a text without quotes and line ends')
  }
  const { header = true } = options
  return { format, header, columns: parseColumns(options.columns), delimiter }
}

module.exports = { formatOf }
