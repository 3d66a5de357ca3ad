/** The last line of an export: how many pairs stand before it, and the SHA-256 of all bytes before it. */

const PATTERN = {
  ndjson: /^\{"end":\{"pairs":(\d{1,15}),"sha256":"([0-9a-f]{64})"\}\}\r?\n?$/,
  csv: /^#end(.+?)(\d{1,15})\1sha256:([0-9a-f]{64})\r?\n?$/
}

/** A line of the format: JSON without the names of a pair, or a row of as many columns that begins with a #. */
const trailerLine = (format, { pairs, sha256, delimiter = ',' }) =>
  format === 'csv'
    ? `#end${delimiter}${pairs}${delimiter}sha256:${sha256}\n`
    : `{"end":{"pairs":${pairs},"sha256":"${sha256}"}}\n`

/**
 * What a line says when it is such a one.
 * @param {Buffer | string} line
 * @returns {{pairs: number, sha256: string} | undefined}
 */
const readTrailer = (line) => {
  if (line.length > 200) return undefined
  const text = line.toString()
  for (const pattern of Object.values(PATTERN)) {
    const found = pattern.exec(text)
    if (found) {
      const [sha256, pairs] = found.reverse()
      return { pairs: Number(pairs), sha256 }
    }
  }
  return undefined
}

module.exports = { readTrailer, trailerLine }
