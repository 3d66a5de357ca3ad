const { isDeepStrictEqual } = require('node:util')
const { hasTellings, tellNow } = require('./caller')
const { binding: native } = require('./load')
const { refuse } = require('../settings/check')
const { NativePromise, setTimeout, soon } = require('../shared/globals')

const reject = NativePromise.reject.bind(NativePromise)

/** What stands on the board, see src/node/board.rs. */
const NEXT = 0
const IS_OPEN = 1

/** Stands in place of a result, see src/node/promise.rs. */
const MANY = 0

/** When to try once more to start a thread, in ms. */
const RESUME = 20

/**
 * What the native side settles promises with. It takes number and result of each, in turn; of one
 * that failed, -1 less its number and the error. Of many calls that share one it takes their results
 * after `MANY`. A promise that is not there was never handed out,
 * or is settled: the native side goes through a list once more when something stopped this midway.
 * Called with nothing, it is to try again soon what no thread could be started for.
 */
const settler =
  (resolves, resume) =>
  (...settled) => {
    if (settled.length === 0) setTimeout(resume, RESUME).unref()
    if (settled[1] === MANY) settled = [settled[0], settled.slice(2)]
    for (let at = 0; at < settled.length; at += 2) {
      const isFailed = settled[at] < 0
      const number = isFailed ? -1 - settled[at] : settled[at]
      const resolve = resolves[number]
      resolve?.(isFailed ? reject(settled[at + 1]) : settled[at + 1])
      resolves[number] = undefined
      // Last, since it may be stopped; who awaits the promise goes on after it all the same.
      if (hasTellings()) tellNow(number, resolve)
    }
  }

/** A connection, and the promises of the calls on it, which the native side settles by number. */
class Link {
  /** The waiting ones, by their numbers. */
  #resolves = []
  #board = new Int32Array(2)
  /** The native side keeps it alive only while it has calls. */
  #settle = settler(this.#resolves, () => this.native.resume())
  #submit = () => this.native.submit()
  /** Whether the native side has `settings`: code may be stopped on the way there. */
  #isUpToDate = true

  /**
   * `settings` are those of the calls from now on. For those of a client, `listener` is asked before
   * each connection, see src/node/link.rs.
   */
  constructor(settings, listener, isOfClient) {
    this.settings = settings
    this.native = native.Link.open(settings, listener, this.#settle, this.#board, isOfClient)
    if (typeof this.native === 'string') throw refuse(this.native)
  }

  /**
   * Takes in the promise of the next native call, which is to be made at once. All is ready before
   * it is: code may be stopped between any two steps, by a time-out of `vm` for one, and must
   * neither leave a call that never sets off nor one that cannot be settled.
   */
  expect(resolve) {
    // Once all who have just got a result have made their next call.
    if (this.#board[IS_OPEN] === 0) soon(this.#submit)
    this.#resolves[this.#board[NEXT]] = resolve
  }

  /** New settings mean a new connection. */
  update(settings) {
    if (this.#isUpToDate && isDeepStrictEqual(settings, this.settings)) return
    this.#isUpToDate = false
    const complaint = this.native.update(settings)
    if (complaint) throw refuse(complaint)
    this.settings = settings
    this.#isUpToDate = true
  }

  /** Resolves when all calls are done and the connection is closed. */
  close() {
    return new NativePromise((resolve) => {
      this.expect(resolve)
      if (this.native.close()) resolve(true)
    })
  }
}

module.exports = { Link }
