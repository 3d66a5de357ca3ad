/** What a verification finds: the first of it is printed, all of it is counted. */

const { masked, printable } = require('../screen/mask')

/** Findings that are printed. */
const MOST = 1_000

class Findings {
  count = 0
  /** The first of them, as objects. */
  first = []
  #job
  #shown

  /** @param {{showIds?: boolean}} options */
  constructor(job, { showIds }) {
    this.#job = job
    this.#shown = showIds ? (id) => id : masked
  }

  /**
   * @param {object} finding with the `integrationId` it is of, if it is of one
   * @param {string} text the same for people
   */
  add({ integrationId, ...finding }, text) {
    this.count++
    if (this.count > MOST) return
    const shown = integrationId === undefined ? undefined : this.#shown(integrationId)
    this.first.push({ ...(shown !== undefined && { integrationId: shown }), ...finding })
    if (this.#job.screen.isJson) return
    this.#job.screen.say(shown === undefined ? text : `${printable(shown)}\t${printable(text)}`)
    if (this.count === MOST) this.#job.screen.say('further findings are only counted')
  }
}

module.exports = { Findings }
