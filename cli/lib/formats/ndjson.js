/** NDJSON: a pair a line, `{"integrationId":"…","botmaticId":"…","extId":"…"}`. */

const { isUtf8 } = require('node:buffer')
const { idProblem, idText, lineProblem } = require('./ids')

/** What a line that this tool wrote begins with, up to the value; and what stands between its values. */
const FIRST = '{"integrationId":"'
const SECOND = '","botmaticId":"'
const THIRD = '","extId":"'
const END = '"}'

const NEWLINE = 10

/** Characters that make a line worth a closer look: escapes, and what JSON has no place for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const SPECIAL = /[\\\0-\t\v-\x1f]/

class NdjsonReader {
  /** Number of the line that comes next. */
  line
  /** Whether the last piece ended within a pair: never. */
  isOpen = false
  #integrationId
  /** Integration id of the line before, and what such lines begin with. */
  #last = ''
  #stem = FIRST + SECOND

  /**
   * @param {{integrationId?: string}} options what pairs have that name none
   * @param {object} [state] as it was after an earlier piece
   */
  constructor({ integrationId }, { line = 1 } = {}) {
    this.#integrationId = integrationId
    this.line = line
  }

  /** What another reader needs to go on after the last piece. */
  get state() {
    return { line: this.line }
  }

  /**
   * @param {Buffer} piece whole lines
   * @param {import('../transfer/batches').Batches} sink
   */
  read(piece, sink) {
    if (!isUtf8(piece)) return this.#readBytes(piece, sink)
    const text = piece.toString()
    const isPlain = !SPECIAL.test(text)
    let start = 0
    while (start < text.length) {
      const newline = text.indexOf('\n', start)
      const end = newline < 0 ? text.length : newline
      if (!(isPlain && this.#readPlain(text, start, end, sink))) {
        this.#readLine(text.slice(start, end), sink)
      }
      this.line++
      start = end + 1
    }
  }

  /** Nothing is kept back. */
  finish() {}

  /** Takes a line that is written as this tool does; otherwise gives `false`. */
  #readPlain(text, start, end, sink) {
    // Mostly it is of the same integration as the line before.
    if (!text.startsWith(this.#stem, start)) {
      if (!text.startsWith(FIRST, start)) return false
      const integration = start + FIRST.length
      const integrationEnd = text.indexOf('"', integration)
      if (integrationEnd > end || !text.startsWith(SECOND, integrationEnd)) return false
      this.#last = text.slice(integration, integrationEnd)
      this.#stem = `${FIRST}${this.#last}${SECOND}`
    }
    const botmatic = start + this.#stem.length
    const botmaticEnd = text.indexOf('"', botmatic)
    if (!text.startsWith(THIRD, botmaticEnd)) return false
    const ext = botmaticEnd + THIRD.length
    const extEnd = text.indexOf('"', ext)
    if (extEnd + END.length !== end || !text.startsWith(END, extEnd)) return false
    if (botmatic === botmaticEnd || ext === extEnd) return false
    sink.pair(this.#last, text.slice(botmatic, botmaticEnd), text.slice(ext, extEnd), this.line)
    return true
  }

  #readLine(text, sink) {
    if (/^\s*$/.test(text)) return
    let pair
    try {
      pair = JSON.parse(text)
    } catch {
      return sink.reject(this.line, lineProblem(text) ?? 'it is no JSON', text)
    }
    if (typeof pair !== 'object' || pair === null || Array.isArray(pair)) {
      return sink.reject(this.line, 'it is no object with botmaticId and extId', text)
    }
    const { integrationId = this.#integrationId, botmaticId, extId } = pair
    const problem =
      (integrationId === undefined && 'it has no integrationId; name one with --integration') ||
      (integrationId !== '' && idProblem('integrationId', integrationId)) ||
      idProblem('botmaticId', botmaticId) ||
      idProblem('extId', extId)
    if (problem) return sink.reject(this.line, problem, text)
    sink.pair(idText(integrationId), idText(botmaticId), idText(extId), this.line)
  }

  /** A piece with lines that are no text. */
  #readBytes(piece, sink) {
    let start = 0
    while (start < piece.length) {
      const newline = piece.indexOf(NEWLINE, start)
      const end = newline < 0 ? piece.length : newline
      const line = piece.subarray(start, end)
      if (isUtf8(line)) this.#readLine(line.toString(), sink)
      else sink.reject(this.line, 'it is no UTF-8', Buffer.from(line))
      this.line++
      start = end + 1
    }
  }
}

/** Characters that JSON.stringify writes otherwise. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ESCAPED = /["\\\0-\x1f\ud800-\udfff]/

const quoted = (id) => (ESCAPED.test(id) ? JSON.stringify(id) : `"${id}"`)

/** A pair as its line, without the line end. */
const ndjsonLine = (integrationId, botmaticId, extId) =>
  `{"integrationId":${quoted(integrationId)},"botmaticId":${quoted(botmaticId)},"extId":${quoted(extId)}}`

module.exports = { NdjsonReader, ndjsonLine }
