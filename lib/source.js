const debug = require('debug')('botmatic:js-redis-key-store')
const native = require('../native')
const { connections } = require('./channels')
const { refuse } = require('./check')
const { Promises, settler } = require('./promises')
const { within } = require('./within')

const TEXTS = {
  connecting: (server) => `connecting to ${server}`,
  ready: (server) => `connected to ${server}`,
  failed: (_, reason) => `cannot connect: ${reason}`,
  lost: (_, reason) => `connection lost: ${reason}`
}

/** Tells what happens to a connection, and keeps in `line` what its source has to know. */
const listener = (line) => (state, server, reason) => {
  if (state === 'ready') line.made++
  // A new connection logs in anew.
  else line.isLoginOld = true
  if (debug.enabled) debug('%s', TEXTS[state](server, reason))
  if (connections.hasSubscribers)
    connections.publish({ state, server, reason: reason || undefined })
}

/** Runs the native side's own checks, whose complaints are about what the caller passed. */
const checked = (run) => {
  try {
    return run()
  } catch (error) {
    throw refuse(error.message)
  }
}

/** Where a store's pairs are: a client or an address, and the native link to its server. */
class Source {
  /** Stores of one client share its connection, as long as they agree on its timeouts. */
  static #byClient = new WeakMap()

  #client
  #family
  #timeouts
  /** What the client told when it was asked; it goes before what can be read. */
  #told = {}
  /** Apart from this object, which the native side must not keep alive. */
  #line = { made: 0, isLoginOld: true }
  /** What calls have to wait for before they go to the link, which settles in their order. */
  waiting
  /** Settles when the link is closed; `undefined` while it is open. */
  #closing
  /** Whether the client was seen closed since, so that it may be opened again. */
  #sawClosed = false

  constructor(settings, timeouts, client, family) {
    this.settings = settings
    this.#timeouts = timeouts
    this.#client = client
    this.#family = family
    this.#openLink()
    if (!client) return
    this.#follow()
    family.watch(client, () => this.#follow())
  }

  /** The source of a client, made when it is the first. */
  static ofClient(client, family, timeouts) {
    const key = Object.values(timeouts).join('/')
    const instance = family.instance?.(client) ?? client
    let sources = Source.#byClient.get(instance)
    if (!sources) Source.#byClient.set(instance, (sources = new Map()))
    if (!sources.has(key)) {
      sources.set(key, new Source(family.settings(client), timeouts, client, family))
    }
    return sources.get(key)
  }

  /** How often a connection was made anew. */
  get reconnects() {
    return Math.max(0, this.#line.made - 1)
  }

  /**
   * Catches up with what the application did to its client since the last call. Returns what the
   * next call has to wait for, `undefined` when nothing: a promise that rejects with `code` and
   * `message` of the reason why there can be no connection.
   */
  catchUp() {
    if (!this.#client) return undefined
    this.#follow()
    if (this.#closing) return this.waiting
    if (this.#family.hasChanged(this.#client, this.settings)) this.#update()
    if (!this.waiting) this.#ask()
    return this.waiting
  }

  /**
   * Closes the client as its own quit() does, and the connection once the calls already made have
   * completed. Resolves to what the client's quit() gives; without a client, to whether it was open.
   */
  async close() {
    const wasOpen = !this.#closing
    const closing = this.#closeLink()
    try {
      return await (this.#client ? this.#family.close(this.#client) : wasOpen)
    } finally {
      await closing
    }
  }

  /** Closes the link with the client, and makes another when the client is opened again. */
  #follow() {
    const isClosed = this.#family.isClosed(this.#client)
    if (!this.#closing && isClosed) this.#closeLink()
    this.#sawClosed = Boolean(this.#closing) && (this.#sawClosed || isClosed)
    if (!this.#sawClosed || !this.#family.isOpen(this.#client)) return
    this.#wait(this.#closing)
    this.#closing = undefined
    this.#sawClosed = false
    this.#line.isLoginOld = true
    this.settings = { ...this.#family.settings(this.#client), ...this.#told }
    this.#openLink()
  }

  #openLink() {
    const settings = { ...this.settings, ...this.#timeouts }
    const resolves = []
    const settle = settler(resolves)
    this.link = checked(() => new native.Link(settings, listener(this.#line), settle))
    this.promises = new Promises(this.link, resolves)
  }

  #closeLink() {
    const { link, promises } = this
    const close = () => promises.make(() => link.close())
    this.#closing ??= this.waiting ? this.waiting.then(close, close) : close()
    return this.#closing
  }

  #update() {
    this.settings = { ...this.#family.settings(this.#client), ...this.#told }
    this.link.update({ ...this.settings, ...this.#timeouts })
  }

  #ask() {
    const question = this.#family.ask?.(this.#client, this.#told, this.#line.isLoginOld)
    if (!question) return
    this.#line.isLoginOld = false
    const limit = this.#timeouts.connectTimeout
    const answered = within(limit, question).then(
      (told) => {
        Object.assign(this.#told, told)
        this.#update()
      },
      (error) => {
        this.#line.isLoginOld = true
        const reason = `the client's credentials provider failed: ${error.message}; check it`
        throw Object.assign(new Error(reason), { code: 'AUTH' })
      }
    )
    this.#wait(answered)
  }

  /** Lets calls wait. The first to hear of the end is this, so that no later call overtakes them. */
  #wait(promise) {
    this.waiting = promise
    const end = () => {
      if (this.waiting === promise) this.waiting = undefined
    }
    promise.then(end, end)
  }
}

module.exports = { Source }
