/** NDJSON: a line a pair, `{"integrationId": …, "botmaticId": …, "extId": …}`. */

const { lines } = require('./lines')

const text = ({ integrationId, botmaticId, extId }) =>
  JSON.stringify({ integrationId, botmaticId, extId })

const isId = (value) => (typeof value === 'string' && value !== '') || Number.isFinite(value)

/** Reads a line: a record, the trailer, or what is wrong with it. */
const readLine = (line) => {
  let value
  try {
    value = JSON.parse(line)
  } catch {
    return { problem: 'it is no JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'it is no object' }
  if ('sha256' in value && !('botmaticId' in value)) return { trailer: value }
  const missing = ['botmaticId', 'extId'].find((name) => !isId(value[name]))
  if (missing) return { problem: `it has no ${missing}` }
  if (typeof value.integrationId !== 'string') return { problem: 'it has no integrationId' }
  return { record: value }
}

/** The items of a stream: `{line, source, record | trailer | problem}`, in lists. */
const read = async function* (stream) {
  let number = 0
  for await (const all of lines(stream)) {
    const items = []
    for (const line of all) {
      number++
      const source = line.endsWith('\r') ? line.slice(0, -1) : line
      if (source !== '') items.push({ line: number, source, ...readLine(source) })
    }
    yield items
  }
}

/** The text of a file: of each record, then of its trailer. */
const header = () => ''
const write = (record) => `${text(record)}\n`
const writeTrailer = ({ pairs, sha256 }) => `${JSON.stringify({ pairs, sha256 })}\n`

module.exports = { header, read, write, writeTrailer }
