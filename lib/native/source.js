const { clearInterval, setInterval } = require('node:timers')
const { closeClient } = require('../clients/closing')
const { connections } = require('../shared/channels')
const { Link } = require('./link')
const { soon } = require('../shared/globals')
const { isLogging, log, reasonOf } = require('../shared/log')
const { bare } = require('../settings/members')
const { within } = require('../shared/within')

const TEXTS = {
  connecting: (server) => `connecting to ${server}`,
  ready: (server) => `connected to ${server}`,
  failed: (_, reason) => `cannot connect: ${reason}`,
  lost: (_, reason) => `connection lost: ${reason}`,
  warning: (_, reason) => reason
}

/** What calls may wait for, as messages say it. */
const UNTOLD = 'the client has not told its login or database yet'
const UNDONE = 'calls from before the client was closed are still under way'

/** How often calls that are held back are looked at for their deadlines, in ms. */
const LOOK = 20

/** The client's credentials provider failed. */
class LoginError extends Error {}

/**
 * Tells what happens to the connection of a link, and keeps in `line` what its source has to know.
 * `number` is the link's. When it is asked what to connect with, it gives whether that is told later.
 */
const listener = (line, number) => (state, server, reason, code) => {
  if (state === 'asked' || state === 'refused') {
    // Nobody was asked while nothing could be reached.
    if (state === 'refused' && line.hasFailed) line.isLoginOld = true
    return line.links === number && line.source.deref()?.lookAgain()
  }
  if (state === 'ready') line.made++
  // The next connection logs in anew.
  if (state === 'lost' || code === 'AUTH') line.isLoginOld = true
  if (state === 'failed') line.hasFailed = true
  if (state === 'warning') line.warnings.push(reason)
  else line.silence?.hear(state, server, reason)
  if (isLogging()) log('%s', TEXTS[state](server, reason))
  if (connections.hasSubscribers)
    connections.publish({ state, server, reason: reason || undefined })
}

/** Where a store's pairs are: a client or an address, and the link to its server. */
class Source {
  /** Stores of one client share its connection, as long as they agree on its timeouts. */
  static #byClient = new WeakMap()

  #client
  #family
  #timeouts
  /** What the client told when it was asked; it goes before what can be read. */
  #told = {}
  /** Apart from this object, which the native side must not keep alive. */
  #line = { made: 0, links: 0, isLoginOld: true, warnings: [], source: new WeakRef(this) }
  /**
   * While the link holds calls back: in turn, the settings that they were made with, and the `key` that
   * the link knows them by. Code may be stopped between any two steps, by a time-out of `vm` say: so a
   * key is noted first, and one that the link was not told of releases nothing there.
   */
  #held
  #keys = 0
  /** The link that waits to be told what to connect with. */
  #asked
  /** Whether the settings may be others than those of the client, which could not be followed. */
  #isLost = false
  /** Settles when the link is closed; `undefined` while it is open. */
  #closing
  /** What closing it comes to; `undefined` while nobody asked for that. */
  #quitting
  /** Whether the client was seen closed since, so that it may be opened again. */
  #sawClosed = false
  /** The link in use, and what went over those before it. */
  #used
  #before = { sent: 0, received: 0 }

  constructor(settings, timeouts, client, family) {
    this.#timeouts = timeouts
    this.#client = client
    this.#family = family
    this.settings = bare({ ...settings, ...timeouts })
    this.link = this.#used = this.#open(this.settings)
    if (!client) return
    this.#follow()
    family.watch(client, () => {
      try {
        this.#follow()
      } catch (error) {
        // The next call fails of it. The client's own events must not.
        log('the client cannot be followed: %s', reasonOf(error))
      }
    })
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

  /** Tells when the calls of a store wait long. With a client, that has errors of its own. */
  watch(silence) {
    if (!this.#client) this.#line.silence = silence
  }

  /** What is amiss with its servers. */
  get warnings() {
    return [...this.#line.warnings]
  }

  /** How often a connection was made anew. */
  get reconnects() {
    return Math.max(0, this.#line.made - 1)
  }

  /** What went over the connections so far. */
  get bytes() {
    const { sent, received } = this.#used.native.bytes()
    return { sent: this.#before.sent + sent, received: this.#before.received + received }
  }

  /**
   * Catches up with what the application did to its client since the last call. As long as that
   * cannot be done, calls fail: they would go to where the client no longer is.
   */
  catchUp() {
    if (this.#client) this.#catchUp(false)
  }

  /**
   * The link is about to connect, with all that its client would use now. Gives whether that is told
   * later: the client is asked.
   */
  lookAgain() {
    const { link } = this
    this.#catchUp(true)
    if (this.link !== link || !this.#held) return false
    this.#asked = link
    return true
  }

  #catchUp(isNew) {
    try {
      this.#follow()
      if (this.#closing) return
      const hasChanged = this.#family.hasChanged(this.#client, this.settings)
      if (hasChanged || this.#isLost || isNew) this.#change()
      if (this.#held) return
      const answered = this.#ask()
      if (!answered) return
      this.#hold(this.link, this.settings, UNTOLD, answered)
      this.#askedLogin()
    } catch (error) {
      this.#isLost = true
      this.link.native.refuse(reasonOf(error))
    }
  }

  /**
   * Closes the client as its own quit() does, and the connection once the calls already made have
   * completed. Resolves to what the client's quit() gives; without a client, to whether it was open.
   * Once more it gives the same.
   */
  close() {
    this.#quitting ??= this.#quit(!this.#closing)
    return this.#quitting
  }

  async #quit(wasOpen) {
    const closing = this.#closeLink()
    const quit =
      this.#client && closeClient(this.#client, this.#family.close, this.#timeouts.connectTimeout)
    await closing
    return this.#client ? quit : wasOpen
  }

  /** The settings of a call that is made now. */
  #settingsNow() {
    return bare({ ...this.#family.settings(this.#client), ...this.#told, ...this.#timeouts })
  }

  /** Closes the link with the client, and makes another when the client is opened again. */
  #follow() {
    const isClosed = this.#family.isClosed(this.#client)
    if (!this.#closing && isClosed) this.#closeLink()
    this.#sawClosed = Boolean(this.#closing) && (this.#sawClosed || isClosed)
    if (!this.#sawClosed || !this.#family.isOpen(this.#client)) return
    const settings = this.#settingsNow()
    const link = this.#open(settings)
    const before = this.link
    const closed = this.#closing.then(() => {
      // Stopped below, this is done once more, with another link.
      if (this.link !== link) return undefined
      const { sent, received } = before.native.bytes()
      this.#before.sent += sent
      this.#before.received += received
      this.#used = link
      const answered = this.#ask()
      this.#askedLogin()
      return answered
    })
    this.#line.isLoginOld = true
    this.#hold(link, settings, UNDONE, closed)
    this.link = link
    this.settings = settings
    this.#closing = undefined
    this.#quitting = undefined
    this.#sawClosed = false
  }

  #open(settings) {
    const number = ++this.#line.links
    return new Link(settings, listener(this.#line, number), Boolean(this.#client))
  }

  #closeLink() {
    return (this.#closing ??= this.link.close())
  }

  #change() {
    const settings = this.#settingsNow()
    if (this.#held) {
      // Calls from now on wait as those before, but are to go with settings of their own.
      const key = this.#keys++
      this.#held.push({ key, settings })
      this.link.native.hold(key, UNTOLD)
    } else {
      this.link.update(settings)
    }
    this.settings = settings
    this.link.native.refuse()
    this.#isLost = false
  }

  #askedLogin() {
    this.#line.isLoginOld = false
    this.#line.hasFailed = false
  }

  /** Asks the client what cannot be read; `undefined` when there is nothing to ask. */
  #ask() {
    const question = this.#family.ask?.(this.#client, this.#told, this.#line.isLoginOld)
    if (!question) return undefined
    return within(this.#timeouts.connectTimeout, question).then(
      (told) => Object.assign(this.#told, told),
      (error) => {
        this.#line.isLoginOld = true
        throw new LoginError(reasonOf(error))
      }
    )
  }

  /**
   * Holds the calls on a link back until a promise settles; fails them when it rejects. `reason` is
   * what they wait for.
   */
  #hold(link, settings, reason, promise) {
    const key = this.#keys++
    const held = [{ key, settings }]
    let timer
    let isOver = false
    const end = (isReady, failure) => {
      isOver = true
      clearInterval(timer)
      if (this.#held === held) this.#held = undefined
      for (const each of held) {
        try {
          if (!isReady) throw failure
          link.update({ __proto__: null, ...each.settings, ...this.#told })
          link.native.release(each.key)
        } catch (error) {
          if (this.link === link) this.#isLost = true
          link.native.fail(each.key, error instanceof LoginError, reasonOf(error))
        }
      }
      if (this.link === link) this.settings = link.settings
      if (this.#asked !== link) return
      this.#asked = undefined
      link.native.tell()
    }
    // All is ready to end it before it begins, see `Link.expect`.
    promise.then(
      () => end(true),
      (error) => end(false, error)
    )
    // In a microtask as in `within`.
    soon(() => {
      if (!isOver) timer = setInterval(() => link.native.expire(), LOOK).unref()
    })
    link.native.hold(key, reason)
    this.#held = held
  }
}

module.exports = { Source }
