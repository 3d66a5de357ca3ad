/** How far a job has come, on the standard error. */

const { SingleBar, Presets } = require('cli-progress')

/** Between two lines of the log, in ms. */
const EVERY = 5_000

const number = (value) => Math.round(value).toLocaleString('en-US')

/** Seconds as a person says them. */
const span = (seconds) => {
  if (!Number.isFinite(seconds)) return '?'
  const s = Math.round(seconds)
  if (s < 60) return `${s} s`
  if (s < 3_600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`
}

class Progress {
  #write
  #task
  #began = performance.now()
  #pairs = 0
  /** Of the job, from 0 to 1; `undefined` where its size is not known. */
  #part
  #bar
  #timer

  /**
   * @param {'bar' | 'log' | 'none'} kind
   * @param {string} task what is counted: `pairs imported`
   * @param {(text: string) => void} write a line of the log
   */
  constructor(kind, task, write) {
    this.#task = task
    this.#write = write
    if (kind === 'bar') this.#startBar()
    if (kind !== 'log') return
    this.#timer = setInterval(() => this.#write(this.#line()), EVERY)
    this.#timer.unref()
  }

  /**
   * @param {number} pairs that are done: not read, not sent
   * @param {number} [part] of the whole, from 0 to 1; the last one where it is not known now
   */
  update(pairs, part = this.#part) {
    this.#pairs = pairs
    this.#part = part
    this.#bar?.update(Math.floor((part ?? 0) * 1_000), { text: this.#line() })
  }

  /** Makes room for a line of text. */
  clear() {
    if (this.#bar) process.stderr.write('\r\x1b[K')
  }

  /** Draws it again below what was written. */
  draw() {
    this.#bar?.render(true)
  }

  stop() {
    clearInterval(this.#timer)
    this.#bar?.update({ text: this.#line() })
    this.#bar?.stop()
    this.#bar = undefined
  }

  #startBar() {
    const options = {
      stream: process.stderr,
      fps: 10,
      gracefulExit: false,
      forceRedraw: true,
      hideCursor: false,
      linewrap: null,
      barsize: 24,
      format: (settings, { progress }, { text }) => {
        const filled = Math.round(progress * settings.barsize)
        const bar =
          settings.barCompleteString.slice(0, filled) +
          settings.barIncompleteString.slice(0, settings.barsize - filled)
        return this.#part === undefined ? text : `${bar} ${text}`
      }
    }
    this.#bar = new SingleBar(options, Presets.shades_classic)
    this.#bar.start(1_000, 0, { text: this.#line() })
  }

  #line() {
    const seconds = (performance.now() - this.#began) / 1_000
    const rate = seconds > 0 ? this.#pairs / seconds : 0
    const words = [`${number(this.#pairs)} ${this.#task}`, `${number(rate)}/s`]
    if (this.#part !== undefined) {
      words.unshift(`${Math.floor(this.#part * 100)} %`)
      const left = this.#part > 0 ? (seconds * (1 - this.#part)) / this.#part : Number.NaN
      words.push(`${span(left)} left`)
    }
    return words.join(', ')
  }
}

module.exports = { Progress, number, span }
