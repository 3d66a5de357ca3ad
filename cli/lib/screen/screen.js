/** What a command prints: results on the standard output, all else on the standard error. */

const { createColors, isColorSupported } = require('picocolors')
const { Progress } = require('./progress')

/** Rejected lines that are told of one by one; all of them are counted. */
const MOST = 1_000

class Screen {
  #options
  #progress
  #complaints = 0
  #colors = createColors(isColorSupported && Boolean(process.stderr.isTTY))

  /** @param {{progress?: string, quiet?: boolean, json?: boolean}} options of the command */
  constructor(options) {
    this.#options = options
  }

  /** A result: to the standard output, which resolves once there is room for more. */
  async print(text) {
    if (!process.stdout.write(text)) {
      await new Promise((resolve) => process.stdout.once('drain', resolve))
    }
  }

  /** Whether the summary is an object. */
  get isJson() {
    return Boolean(this.#options.json)
  }

  /**
   * What a job came to.
   * @param {object} object for `--json`
   * @param {string} text for people
   * @param {boolean} [isTaken] whether the standard output is taken by pairs
   */
  async summarize(object, text, isTaken = false) {
    this.stop()
    const line = this.isJson ? JSON.stringify(object) : text
    if (!this.isJson && this.#options.quiet) return
    if (isTaken) process.stderr.write(`${line}\n`)
    else await this.print(`${line}\n`)
  }

  /** A line on the standard error, above the bar. */
  say(text) {
    this.#progress?.clear()
    process.stderr.write(`${text}\n`)
    this.#progress?.draw()
  }

  /** A note that a quiet command leaves out. */
  note(text) {
    if (!this.#options.quiet) this.say(`key-store: ${text}`)
  }

  warn(text) {
    this.say(`${this.#colors.yellow('key-store:')} ${text}`)
  }

  error(text) {
    this.stop()
    this.say(`${this.#colors.red('key-store:')} ${text}`)
  }

  /** Tells of a rejected line, or of a pair that has none. */
  complain(line, reason) {
    this.#complaints++
    if (this.#complaints > MOST + 1) return
    if (this.#complaints > MOST) return this.warn('further rejected lines are only counted')
    this.warn(line === undefined ? reason : `line ${line}: ${reason}`)
  }

  /** @param {string} task what is counted: `pairs imported` */
  start(task) {
    const { progress = 'auto', quiet } = this.#options
    const kind = progress === 'auto' ? (process.stderr.isTTY ? 'bar' : 'log') : progress
    this.#progress = new Progress(quiet ? 'none' : kind, task, (text) => this.note(text))
  }

  /** Whether progress is worth a question about the whole. */
  get wantsTotal() {
    const { progress = 'auto', quiet } = this.#options
    return !quiet && progress === 'auto' && Boolean(process.stderr.isTTY)
  }

  /** See `Progress`. */
  update(pairs, part) {
    this.#progress?.update(pairs, part)
  }

  stop() {
    this.#progress?.stop()
    this.#progress = undefined
  }
}

module.exports = { Screen }
