/** How far a command has come: a bar on a terminal, a line now and then elsewhere. */

const { SingleBar, Presets } = require('cli-progress')

/** How often a line is written, in ms. */
const PERIOD = 5_000

const number = (value) => value.toLocaleString('en-US')

class Progress {
  #began = Date.now()
  #done = 0
  #rejected = 0
  #total
  #what
  #bar
  #timer
  #stream

  /**
   * @param {string} what is done, `import` say
   * @param {{progress: 'auto' | 'log' | 'none', quiet?: boolean}} options
   * @param {number} [total] how many there are, if that is known
   */
  constructor(what, { progress, quiet }, total, stream = process.stderr) {
    this.#what = what
    this.#total = total
    this.#stream = stream
    if (quiet || progress === 'none') return
    if (progress === 'auto' && stream.isTTY) {
      const known = '{what} |{bar}| {percentage}% {value}/{total} {rate}/s, {eta_formatted} left'
      const unknown = '{what} {value} {rate}/s'
      const format = total ? known : unknown
      this.#bar = new SingleBar(
        { format, stream, hideCursor: true, clearOnComplete: true },
        Presets.rect
      )
      this.#bar.start(total ?? 0, 0, { what, rate: 0 })
    } else {
      this.#timer = setInterval(() => this.#write(), PERIOD)
      this.#timer.unref()
    }
  }

  /** Pairs a second so far. */
  get rate() {
    return Math.round(this.#done / Math.max((Date.now() - this.#began) / 1000, 0.001))
  }

  /** Notes that so many pairs are done and so many rejected by now. */
  update(done, rejected = 0) {
    this.#done = done
    this.#rejected = rejected
    this.#bar?.update(Math.min(done, this.#total ?? done), { rate: number(this.rate) })
  }

  #write() {
    const share = this.#total ? ` of ${number(this.#total)}` : ''
    const rejected = this.#rejected ? `, ${number(this.#rejected)} rejected` : ''
    this.#stream.write(
      `${this.#what}: ${number(this.#done)}${share}, ${number(this.rate)}/s${rejected}\n`
    )
  }

  /** Takes it off the screen, so that what is said next is not behind it. */
  stop() {
    this.#bar?.stop()
    clearInterval(this.#timer)
  }
}

module.exports = { Progress, number }
