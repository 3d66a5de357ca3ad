/** CSV: a pair a row. A row is several lines where line ends are in quotes. */

const { isUtf8 } = require('node:buffer')
const { CsvError, parse } = require('csv-parse/sync')
const { idProblem, lineProblem } = require('./ids')
const { placesOf } = require('./columns')
const { readTrailer } = require('../files/trailer')

/** Of a row in characters; a quote that is not closed by then is none that somebody forgot to close. */
const LONGEST = 1024 * 1024

/** How many rows with quotes are parsed at once. */
const BLOCK = 500

const hasOddQuotes = (line) => {
  let count = 0
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) count++
  return count % 2 === 1
}

class CsvReader {
  /** Number of the line that comes next. */
  line
  /** The line with the titles; `undefined` where there is none, or was not read yet. */
  head
  #delimiter
  #columns
  #integrationId
  #places
  /** The lines of a row that is not over. */
  #open = []
  #openSize = 0
  /** Rows with quotes: `{line, text}`. */
  #block = []

  /**
   * @param {{delimiter: string, columns: object[], header: boolean, integrationId?: string}} options
   * @param {object} [state] as it was after an earlier piece
   */
  constructor({ delimiter, columns, header, integrationId }, { line = 1, head, places } = {}) {
    this.#delimiter = delimiter
    this.#columns = columns
    this.#integrationId = integrationId
    this.line = line
    this.head = head
    this.#places = places ?? (header ? undefined : placesOf(columns))
  }

  /** Whether the last piece ended within a row. */
  get isOpen() {
    return this.#open.length > 0
  }

  get state() {
    return { line: this.line, head: this.head, places: this.#places }
  }

  /**
   * @param {Buffer} piece whole lines
   * @param {import('../transfer/batches').Batches} sink
   */
  read(piece, sink) {
    const lines = isUtf8(piece) ? piece.toString().split('\n') : linesOf(piece)
    if (lines.at(-1) === '') lines.pop()
    this.#readLines(lines, sink)
    this.#parseBlock(sink)
  }

  /** What is open at the end of the file is told. */
  finish(sink) {
    while (this.isOpen) {
      this.#readLines(this.#giveUp('a quote in it is not closed', sink), sink)
      this.#parseBlock(sink)
    }
  }

  #readLines(lines, sink) {
    // Lines that are read again stand at the end, the next of them last.
    const again = []
    for (let n = 0; n < lines.length || again.length > 0; ) {
      const line = again.length > 0 ? again.pop() : lines[n++]
      const retry = this.#readLine(line, sink)
      if (retry) again.push(...retry.reverse())
    }
  }

  /** Gives lines that are to be read once more. */
  #readLine(line, sink) {
    const number = this.line++
    if (typeof line !== 'string') {
      sink.reject(number, 'it is no UTF-8', line)
      return undefined
    }
    const problem = lineProblem(line)
    if (problem && !this.isOpen) {
      sink.reject(number, problem, line)
      return undefined
    }
    const isOdd = line.includes('"') && hasOddQuotes(line)
    if (this.#open.length === 0 && !isOdd) {
      if (line.includes('"')) this.#add({ line: number, text: line }, sink)
      else this.#plain(line, number, sink)
      return undefined
    }
    this.#open.push(line)
    this.#openSize += line.length
    if (isOdd && this.#open.length > 1) return this.#close(sink)
    return problem || this.#openSize > LONGEST
      ? this.#giveUp('a quote in it is not closed', sink)
      : undefined
  }

  /** A row of several lines is over, if it is one. */
  #close(sink) {
    const lines = this.#open
    const line = this.line - lines.length
    const text = lines.join('\n')
    const row = this.#parseOne(text)
    if (!Array.isArray(row)) return this.#giveUp(row.problem, sink)
    this.#open = []
    this.#openSize = 0
    this.#parseBlock(sink)
    this.#row(row, line, text, sink)
    return undefined
  }

  /** The first of the open lines is no pair; gives the others. */
  #giveUp(problem, sink) {
    const [first, ...others] = this.#open
    this.#parseBlock(sink)
    this.line -= others.length
    sink.reject(this.line - 1, problem, first)
    this.#open = []
    this.#openSize = 0
    return others
  }

  /** A line without quotes. */
  #plain(line, number, sink) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    this.#parseBlock(sink)
    if (text !== '') this.#row(text.split(this.#delimiter), number, line, sink)
  }

  #add(row, sink) {
    this.#block.push(row)
    if (this.#block.length === BLOCK) this.#parseBlock(sink)
  }

  #parseBlock(sink) {
    if (this.#block.length === 0) return
    const block = this.#block
    this.#block = []
    let rows
    try {
      rows = this.#parse(block.map(({ text }) => text).join('\n'))
    } catch {
      // One by one, below.
    }
    for (const [n, { line, text }] of block.entries()) {
      const row = rows?.length === block.length ? rows[n] : this.#parseOne(text)
      if (Array.isArray(row)) this.#row(row, line, text, sink)
      else sink.reject(line, row.problem, text)
    }
  }

  #parse(text) {
    // With a line end, which a return before it belongs to.
    return parse(`${text}\n`, {
      delimiter: this.#delimiter,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true
    })
  }

  /** The row that a text is, or what is wrong with it. */
  #parseOne(text) {
    try {
      const rows = this.#parse(text)
      return rows.length === 1 ? rows[0] : { problem: 'it is no row' }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error
      return {
        problem:
          'its quotes are wrong: a value in quotes begins and ends with one, and has "" for each within'
      }
    }
  }

  #row(row, line, text, sink) {
    if (!this.#places) {
      this.#places = placesOf(this.#columns, row)
      this.head = text
      return undefined
    }
    const { width, integrationId, botmaticId, extId } = this.#places
    if (row.length !== width) {
      return sink.reject(line, `it has ${row.length} columns instead of ${width}`, text)
    }
    const integration = integrationId < 0 ? this.#integrationId : row[integrationId]
    const problem =
      partProblem(text, this.head) ||
      (integration === undefined && 'it has no integrationId; name one with --integration') ||
      idProblem('botmaticId', row[botmaticId]) ||
      idProblem('extId', row[extId])
    if (problem) return sink.reject(line, problem, text)
    sink.pair(integration, row[botmaticId], row[extId], line, text)
  }
}

/** Why a row is none of a pair, in a file that was put together of several. */
const partProblem = (text, head) => {
  if (text === head) return 'it is the header again'
  const isEnd = text.startsWith('#') && readTrailer(text)
  return isEnd ? 'it is the last line of an export' : undefined
}

/** The lines of a piece, as text where they are some. */
const linesOf = (piece) => {
  const lines = []
  for (let start = 0; start < piece.length; ) {
    const newline = piece.indexOf(10, start)
    const end = newline < 0 ? piece.length : newline
    const line = piece.subarray(start, end)
    lines.push(isUtf8(line) ? line.toString() : Buffer.from(line))
    start = end + 1
  }
  return lines
}

module.exports = { CsvReader }
