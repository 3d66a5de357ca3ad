/** Why a command ends early, with its exit code. */

/** Exit codes, as the man page lists them. */
const EXIT = { done: 0, different: 1, usage: 2, incomplete: 3 }

class Trouble extends Error {
  /**
   * @param {number} exit one of `EXIT`
   * @param {string} message what happened, on which server or file, and what to do
   */
  constructor(exit, message) {
    super(message)
    this.exit = exit
  }
}

/** A store has not any more what it had. */
class Lost extends Trouble {
  constructor(message) {
    super(EXIT.incomplete, message)
  }
}

const usage = (message) => new Trouble(EXIT.usage, message)

const incomplete = (message) => new Trouble(EXIT.incomplete, message)

module.exports = { EXIT, Lost, Trouble, incomplete, usage }
