/** CSV: a header, and a record a pair, with the names of NDJSON's members. */

const { parse } = require('csv-parse')
const { stringify } = require('csv-stringify/sync')
const { UsageError } = require('../exit')

const COLUMNS = ['integrationId', 'botmaticId', 'extId']
const TRAILER = /^# pairs=(\d+) sha256=([0-9a-f]{64})$/

/** Which columns there are, by `--columns` or by the header. */
const columnsOf = ({ columns, header }, first) => {
  const names = columns ? columns.split(',').map((name) => name.trim()) : first
  const missing = COLUMNS.slice(1).filter((name) => !names.includes(name))
  if (missing.length > 0) {
    const where = columns ? '--columns' : header ? 'its header' : 'the default'
    throw new UsageError(
      `the CSV has no column ${missing.join(' and ')} (by ${where}); name them with --columns`
    )
  }
  return names
}

const recordOf = (names, fields, { integration }) => {
  if (fields.length !== names.length)
    return { problem: `it has ${fields.length} fields, not ${names.length}` }
  const own = Object.fromEntries(names.map((name, n) => [name, fields[n]]))
  const integrationId = own.integrationId ?? integration?.[0]
  const missing = ['botmaticId', 'extId'].find((name) => !own[name])
  if (missing) return { problem: `it has no ${missing}` }
  if (integrationId === undefined) return { problem: 'it has no integrationId' }
  return { record: { integrationId, botmaticId: own.botmaticId, extId: own.extId } }
}

/**
 * The items of a stream: `{line, source, record | trailer | problem}`, in lists.
 * @param {AsyncIterable<Buffer>} stream
 * @param {{header?: boolean, columns?: string, delimiter?: string, integration?: string[]}} options
 */
const read = async function* (stream, options) {
  const { header = true, delimiter = ',' } = options
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    raw: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true
  })
  stream.once?.('error', (error) => parser.destroy(error))
  stream.pipe(parser)
  let names
  let items = []
  for await (const { record: fields, raw, info } of parser) {
    const said = fields.length === 1 && TRAILER.exec(fields[0])
    const source = raw.replace(/\r?\n$/, '')
    if (!names) {
      names = columnsOf(options, header ? fields : COLUMNS)
      if (header) continue
    }
    const own = said
      ? { trailer: { pairs: Number(said[1]), sha256: said[2] } }
      : recordOf(names, fields, options)
    items.push({ line: info.lines, source, ...own })
    if (items.length === 1_000) {
      yield items
      items = []
    }
  }
  yield items
}

const line = (fields, { delimiter = ',' }) => stringify([fields], { delimiter })

const header = (options) => (options.header === false ? '' : line(COLUMNS, options))
const write = (record, options) =>
  line(
    COLUMNS.map((name) => record[name]),
    options
  )
const writeTrailer = ({ pairs, sha256 }) => `# pairs=${pairs} sha256=${sha256}\n`

module.exports = { header, read, write, writeTrailer }
