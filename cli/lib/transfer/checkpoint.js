/** The file of `--resume`: how far an import has come for sure. */

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { checkPlace } = require('../files/place')
const { incomplete, usage } = require('../trouble')

const VERSION = 1

/** How often it is written, in ms: what is done since is done again. */
const EVERY = 500

class Checkpoint {
  /** What an earlier run has left: `{offset, sha256, reader, counts, rejects, sample}`. */
  from
  #path
  #job
  #signature
  #latest
  #written = 0

  /**
   * @param {string} path
   * @param {object} job what must be the same when it is taken up again, and is shown when it is not
   * @param {string} signature stands for what else must be the same
   */
  constructor(path, job, signature) {
    this.#path = path
    this.#job = job
    this.#signature = signature
    this.from = this.#read()
  }

  /** All up to here is done; `sync` is called before that is written down. */
  reach(state, sync) {
    this.#latest = { state, sync }
    if (performance.now() - this.#written >= EVERY) this.save()
  }

  /** Writes down what was reached, whole or not at all. */
  save() {
    if (!this.#latest) return
    const { state, sync } = this.#latest
    sync()
    const text = JSON.stringify({
      version: VERSION,
      job: this.#job,
      signature: this.#signature,
      ...state
    })
    const part = `${this.#path}.part`
    try {
      const file = fs.openSync(part, 'w', 0o600)
      fs.writeSync(file, `${text}\n`)
      fs.fsyncSync(file)
      fs.closeSync(file)
      fs.renameSync(part, this.#path)
    } catch (error) {
      throw incomplete(`--resume: ${this.#path} cannot be written: ${error.message}`)
    }
    this.#latest = undefined
    this.#written = performance.now()
  }

  /** There is nothing left to resume. */
  remove() {
    this.#latest = undefined
    fs.rmSync(this.#path, { force: true })
  }

  #read() {
    let text
    try {
      text = fs.readFileSync(this.#path, 'utf8')
    } catch (error) {
      if (error.code === 'ENOENT') return checkPlace(this.#path, `--resume: ${this.#path}`)
      throw usage(`--resume: ${this.#path} cannot be read: ${error.message}`)
    }
    let found
    try {
      found = JSON.parse(text)
    } catch {
      // Reported below.
    }
    if (found?.version !== VERSION || !found.job) {
      throw usage(
        `--resume: ${this.#path} is no resume file of this version; remove it to begin anew`
      )
    }
    for (const [name, value] of Object.entries(this.#job)) {
      if (found.job[name] === value) continue
      throw usage(
        `--resume: ${this.#path} is of another import: its ${name} is ${found.job[name]}, not ${value}. ` +
          'Remove it to begin anew'
      )
    }
    if (found.signature !== this.#signature) {
      throw usage(
        `--resume: ${this.#path} is of a command with other options: integrations, key prefixes, format, ` +
          'columns, rejects and conflicts have to be as they were. Remove it to begin anew'
      )
    }
    return found
  }
}

/** What says, beside the integrations, which pairs are taken, where to, and what is kept of them. */
const KEPT = ['keyPrefix', 'fromKeyPrefix', 'toKeyPrefix', 'onConflict']
const OF_FILES = ['format', 'header', 'columns', 'delimiter']

/** Stands for the options that must be the same when a job is resumed: integration ids are secrets. */
const signatureOf = (options) => {
  const { all, integration, rejects } = options
  const wanted = all || integration === undefined ? null : [integration].flat()
  const kept = [...KEPT, ...OF_FILES].map((name) => options[name] ?? null)
  const job = [wanted, rejects ? path.resolve(rejects) : null, ...kept]
  return createHash('sha256').update(JSON.stringify(job)).digest('hex')
}

/** The resume file that is wanted, if any; fails when it is of another job. */
const checkpointOf = (options, origin, target) =>
  options.resume &&
  new Checkpoint(options.resume, { ...origin, store: target.name }, signatureOf(options))

module.exports = { checkpointOf, signatureOf }
