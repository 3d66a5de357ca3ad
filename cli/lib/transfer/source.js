/** The batches of a file, from where an earlier run left off. */

const { createHash } = require('node:crypto')
const { checkEnd } = require('../files/input')
const { readTrailer } = require('../files/trailer')
const { CsvReader } = require('../formats/csv-reader')
const { NdjsonReader } = require('../formats/ndjson')
const { usage } = require('../trouble')
const { Batches } = require('./batches')

class Source {
  #input
  #options
  #reader

  /**
   * @param {import('../files/input').Input} input
   * @param {object} options
   * @param {object} options.format see `formatOf`
   * @param {string} [options.integrationId] what pairs have that name none
   * @param {(integrationId: string) => boolean} [options.wants]
   * @param {number} options.batch most pairs of a batch
   * @param {boolean} options.isChecked whether the end of a pipe is demanded
   * @param {boolean} options.isResumable whether batches tell where to take the source up again
   * @param {{offset: number, sha256: string, reader: object}} [options.from] where an earlier run left off
   */
  constructor(input, options) {
    this.#input = input
    this.#options = options
    const { format, integrationId, from } = options
    const Reader = format.format === 'csv' ? CsvReader : NdjsonReader
    this.#reader = new Reader({ ...format, integrationId }, from?.reader)
  }

  /** What a file of its lines begins with. */
  get head() {
    return this.#reader.head
  }

  async *batches(job) {
    const { batch, wants, isChecked, isResumable, from } = this.#options
    const sink = new Batches(batch, wants)
    const pieces = this.#input.pieces({ isHashed: isChecked })
    const prefix = isResumable ? createHash('sha256') : undefined
    let skipped = from?.offset ?? 0
    job.wait(this.#input.name)
    for await (const whole of job.each(pieces)) {
      job.touch()
      let piece = whole
      if (skipped > 0) {
        const start = pieces.offset - whole.length
        piece = whole.subarray(Math.max(0, Math.min(whole.length, skipped - start)))
        prefix.update(whole.subarray(0, whole.length - piece.length))
        if (pieces.offset < skipped) continue
        skipped = 0
        this.#checkPrefix(prefix, from)
      }
      const isEnd = pieces.last === whole
      if (isEnd && readTrailer(whole)) break
      prefix?.update(piece)
      this.#reader.read(piece, sink)
      if (isEnd) this.#reader.finish(sink)
      const isWhole = !isEnd && !this.#reader.isOpen
      yield* sink.take(isWhole ? () => this.#end(pieces.offset, prefix) : undefined)
      job.wait(this.#input.name)
    }
    yield* sink.rest(() => ({ part: this.#input.partOf(pieces.offset) }))
    if (skipped > 0) this.#checkPrefix(prefix, { sha256: '' })
    if (isChecked)
      checkEnd(
        this.#input.name,
        pieces,
        'What was read before was imported; with --no-check, that is not asked for'
      )
  }

  #end(offset, prefix) {
    const part = this.#input.partOf(offset)
    if (!prefix) return { part }
    return {
      part,
      resume: { offset, sha256: prefix.copy().digest('hex'), reader: this.#reader.state }
    }
  }

  #checkPrefix(prefix, { sha256 }) {
    if (prefix.copy().digest('hex') === sha256) return
    throw usage(
      `--resume: ${this.#input.name} is not what was imported before: it begins otherwise. ` +
        'Remove the resume file to begin anew'
    )
  }
}

module.exports = { Source }
