/** A command at work: what ends it early, and what it says meanwhile. */

const fs = require('node:fs')
const { addressOf } = require('./options/address')
const { Screen } = require('./screen/screen')
const { Stall } = require('./stall')
const { Connections } = require('./store/connections')
const { Store } = require('./store/store')
const { incomplete, usage } = require('./trouble')

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** How often a long call is looked at, in ms. */
const LOOK = 250

class Job {
  screen
  /** How to go on after an early end, once that is known. */
  advice
  #controller = new AbortController()
  #options
  #stall
  #stores = []
  #connections
  #awaited

  /** @param {{timeout: number}} options of the command; `timeout` in s */
  constructor(options) {
    this.#options = options
    this.screen = new Screen(options)
    this.#connections = new Connections(this.screen)
    this.#stall = new Stall((options.timeout ?? 30) * 1_000, () => this.#giveUp())
    for (const name of SIGNALS) process.on(name, this.#onSignal)
    process.stdout.on('error', (error) => this.end(incomplete(`standard output: ${error.message}`)))
    process.stderr.on('error', () => {})
  }

  get signal() {
    return this.#controller.signal
  }

  /**
   * The store that the options name.
   * @param {object} options of the command
   * @param {'one' | 'from' | 'to'} [side] which of its stores
   * @param {string} [argument] its address, where that is an argument
   */
  open(options, side = 'one', argument = undefined) {
    const store = this.make(options, side, argument)
    if (store.file !== undefined && !fs.existsSync(store.file)) {
      throw usage(`${store.name}: there is no such file. import, set and copy make one`)
    }
    return store
  }

  /** The same of a store that is written to: an embedded one that is not there yet is made. */
  make(options, side = 'one', argument = undefined) {
    const warn = (text) => this.screen.warn(text)
    const store = new Store(addressOf(options, side, argument, warn))
    this.#stores.push(store)
    this.wait(store.name)
    return store
  }

  /** How often a connection was lost or came back so far. */
  get changes() {
    return this.#connections.changes
  }

  /** The files of its embedded stores, by what messages call them. */
  get files() {
    return Object.fromEntries(this.#stores.map(({ name, file }) => [`the store ${name}`, file]))
  }

  /** Whether it is to be done without a question. */
  get isSure() {
    return Boolean(this.#options.yes)
  }

  /** A person is asked, who may take any time until the next `touch`. */
  pause() {
    this.#stall.pause()
  }

  /** Something was done. */
  touch() {
    this.#stall.touch()
  }

  /** What is waited for from now on, for the message when it does not come. */
  wait(name) {
    this.#awaited = name
  }

  /** Fails when the job is to end. */
  check() {
    this.signal.throwIfAborted()
  }

  /** What a promise comes to, unless the job is to end before. */
  within(promise) {
    const { signal } = this
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      const over = () => signal.removeEventListener('abort', onAbort)
      promise.then(
        (value) => {
          over()
          resolve(value)
        },
        (error) => {
          over()
          reject(error)
        }
      )
    })
  }

  /**
   * The same for one long call on a store, which tells nothing meanwhile: that its server goes on answering
   * shows that something is done.
   */
  async during({ store }, promise) {
    const received = () => store.stats().bytes.received
    let before = received()
    const look = () => {
      const now = received()
      // A server that refuses to serve answers too.
      if (now > before && !this.#connections.trouble) this.touch()
      before = now
    }
    const timer = setInterval(look, LOOK)
    try {
      return await this.within(promise)
    } finally {
      clearInterval(timer)
    }
  }

  /** The values of an async iterator, each in its time, unless the job is to end before. */
  async *each(iterable) {
    const iterator = iterable[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await this.within(iterator.next())
        if (done) return
        yield value
      }
    } finally {
      // Not awaited: it may be what does not come.
      iterator.return?.().catch(() => {})
    }
  }

  /** Ends it early. */
  end(trouble) {
    this.#controller.abort(trouble)
  }

  /** Closes the stores, which is not waited for long. */
  async close() {
    this.#stall.stop()
    this.#connections.close()
    this.screen.stop()
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal)
    await Promise.all(this.#stores.map((store) => store.close(this.signal.aborted)))
  }

  #onSignal = (name) => {
    // Asked twice, it ends at once.
    if (this.signal.aborted) process.exit(3)
    this.end(incomplete(`ended by ${name}`))
  }

  #giveUp() {
    const why = this.#connections.trouble || `it waited for ${this.#awaited}`
    this.end(
      incomplete(
        `nothing was done for ${this.#options.timeout} s: ${why}. --timeout sets how long that may be`
      )
    )
  }
}

module.exports = { Job }
