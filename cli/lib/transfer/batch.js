/** Pairs that are saved together, in the order in which they were read. */

class Batch {
  /** How many pairs are in it. */
  count = 0
  /** By integration: its pairs, and of each the number of its line and the line. */
  groups = []
  /** What is no pair: `{line, reason, text}`. */
  rejected = []
  /** Where the source may be taken up again once all of it is done; most batches have none. */
  end
  #last

  /**
   * @param {string} integrationId
   * @param {string} botmaticId
   * @param {string} extId
   * @param {number} [line] the number of the line that it was read from
   * @param {string} [text] that line, where it is more than the pair
   */
  add(integrationId, botmaticId, extId, line, text) {
    this.count++
    let group = this.#last
    if (group?.integrationId !== integrationId) {
      group = this.groups.find((other) => other.integrationId === integrationId)
      if (!group) this.groups.push((group = { integrationId, pairs: [], lines: [], texts: [] }))
      this.#last = group
    }
    group.pairs.push([botmaticId, extId])
    group.lines.push(line)
    group.texts.push(text)
  }
}

module.exports = { Batch }
