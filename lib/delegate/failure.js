/** Why a call failed here, before or instead of the client's answer. */
class Failure extends Error {
  constructor(code, reason) {
    super(reason)
    this.code = code
  }
}

module.exports = { Failure }
