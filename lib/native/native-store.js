const { id, isPlain, text } = require('./argument')
const { refuse } = require('../settings/check')
const { calls: channel, publishCall } = require('../shared/channels')
const { Reporter } = require('../shared/error')
const { NativePromise } = require('../shared/globals')
const { whenReady } = require('../shared/ready')
const { byCaller, tellLater } = require('./caller')
const { Silence } = require('./silence')
const { binding: native } = require('./load')
const { many } = require('../delegate/many')

/**
 * The calls of a store that has a connection of its own. All that a call does it does inside its
 * promise, so that nothing is ever thrown at who makes it.
 */
class NativeStore {
  native = true
  #source
  #reporter
  /** The native side keeps it alive only while it has calls: it may know the store. */
  #report = (code, reason, operation, integration, number) =>
    this.#reporter.report(code, reason, operation, integration, (tell) => tellLater(number, tell))
  #reportAlways = (code, reason, operation, integration, number) =>
    this.#reporter.error(code, reason, operation, integration, (tell) => tellLater(number, tell))
  #store
  /** The native calls, of the link that they are over. */
  #calls
  #link
  /** The same, of calls that reject when they fail, whatever the store is set to. */
  #strictStore
  #strictCalls
  #readySettings
  #isTraced = false
  #maxPending
  #isEmbedded

  constructor(source, given) {
    const {
      strict,
      readTimeout,
      maxPending,
      writeTimeout = source.settings.writeTimeout ?? 3_600_000,
      keyPrefix = source.settings.keyPrefix ?? ''
    } = given
    this.#source = source
    this.#maxPending = maxPending
    this.#isEmbedded = Boolean(source.settings.file ?? source.settings.memory)
    this.#reporter = new Reporter(given)
    const settings = { __proto__: null, strict, readTimeout, writeTimeout, maxPending, keyPrefix }
    this.#store = new native.RedisKeyStore(settings, this.#report, publish)
    const strictSettings = { ...settings, __proto__: null, strict: true }
    this.#strictStore = new native.RedisKeyStore(strictSettings, this.#reportAlways, publish)
    this.#readySettings = { ...strictSettings, __proto__: null, readTimeout: given.connectTimeout }
    if (!given.onError) source.watch(new Silence(this))
  }

  saveIds(integrationId, botmaticId, extId) {
    return new NativePromise((resolve) => {
      const integration = text(integrationId)
      const botmatic = id(botmaticId)
      const ext = id(extId)
      this.#ready(resolve).saveIds(integration, botmatic, ext)
    })
  }

  getBotmaticId(integrationId, extId) {
    return new NativePromise((resolve) => {
      const integration = text(integrationId)
      const ext = id(extId)
      const found = this.#find('findBotmaticId', integration, ext)
      if (found === undefined) this.#ready(resolve).getBotmaticId(integration, ext)
      else resolve(found)
    })
  }

  getExtId(integrationId, botmaticId) {
    return new NativePromise((resolve) => {
      const integration = text(integrationId)
      const botmatic = id(botmaticId)
      const found = this.#find('findExtId', integration, botmatic)
      if (found === undefined) this.#ready(resolve).getExtId(integration, botmatic)
      else resolve(found)
    })
  }

  deleteIds(integrationId, botmaticId, extId) {
    return new NativePromise((resolve) => {
      const integration = text(integrationId)
      const botmatic = id(botmaticId)
      const ext = id(extId)
      this.#ready(resolve).deleteIds(integration, botmatic, ext)
    })
  }

  deleteAllIds(integrationId) {
    return new NativePromise((resolve) => {
      const integration = text(integrationId)
      this.#ready(resolve).deleteAllIds(integration)
    })
  }

  /** A call that rejects with a KeyStoreError when it fails, whatever the store is set to. */
  call(operation, integrationId, ...ids) {
    return new NativePromise((resolve) => {
      const integration = text(integrationId)
      const [first, second] = ids.map(id)
      this.#ready(resolve)
      this.#strictCalls[operation](integration, first, second)
    })
  }

  /** Whether a listing gives keys, some of them twice, and not each id of an integration once. */
  get listsKeys() {
    return !this.#isEmbedded
  }

  /** Many such calls of one kind: what each comes to, in order, an error for one that failed. */
  many(operation, integrationId, ids) {
    // One by one where each is told of by itself, or may run code to become text.
    if (channel.hasSubscribers || !ids.every(isPlain) || ids.length === 0) {
      return many(this, operation, integrationId, ids, this.#maxPending)
    }
    const integration = text(integrationId)
    return new NativePromise((resolve) => {
      this.#ready(resolve)
      this.#strictCalls[`${operation}Many`](integration, ...ids)
    })
  }

  /** See index.d.ts. A lookup of its own, since it has as long as connecting may take. */
  ready() {
    const report = (code, reason) => [code, reason.replace('(readTimeout)', '(connectTimeout)')]
    const store = new native.RedisKeyStore(this.#readySettings, report, publish)
    const looked = new NativePromise((resolve) => {
      this.#ready(resolve)
      store.calls(this.#link.native).getExtId('', 'ready')
    })
    return whenReady(looked, (reported) => reported)
  }

  /** What is done with the file of an embedded store: `compact`, or `backup` to a path. */
  async file(operation, ...paths) {
    const { file } = this.#source.settings
    if (!file) throw refuse(`${operation} is for the store of a file only`)
    await this.call(operation, '', ...paths)
  }

  /** Calls made, and those that are not settled. */
  #counts() {
    const [own, strict] = [this.#store, this.#strictStore].map((store) => store.counts())
    return { calls: own.calls + strict.calls, pending: own.pending + strict.pending }
  }

  /** How many calls wait, and how many were answered. */
  counts() {
    const { calls, pending } = this.#counts()
    const failed = Object.values(this.#reporter.failures).reduce((sum, count) => sum + count, 0)
    return { pending, answered: calls - pending - failed }
  }

  stats() {
    const { calls, pending } = this.#counts()
    const { warnings } = this.#source
    return {
      calls,
      failures: { ...this.#reporter.failures },
      pending,
      reconnects: this.#source.reconnects,
      bytes: this.#source.bytes,
      ...(warnings.length > 0 && { warnings })
    }
  }

  quit() {
    return this.#source.close()
  }

  /** Answers a lookup of an embedded store at once, where that can be. */
  #find(name, integration, id) {
    if (!this.#isEmbedded || this.#link !== this.#source.link || channel.hasSubscribers) {
      return undefined
    }
    return this.#calls[name](integration, id)
  }

  /** The native calls, ready for one that `resolve` is the promise of. */
  #ready(resolve) {
    this.#source.catchUp()
    const { link } = this.#source
    // Another once the client was closed and opened again.
    if (this.#link !== link) {
      this.#calls = this.#store.calls(link.native)
      this.#strictCalls = this.#strictStore.calls(link.native)
      this.#link = link
    }
    if (channel.hasSubscribers !== this.#isTraced) {
      for (const store of [this.#store, this.#strictStore]) store.trace(channel.hasSubscribers)
      this.#isTraced = channel.hasSubscribers
    }
    link.expect(
      this.#isTraced || this.#reporter.isHeard ? byCaller(resolve, link.settings) : resolve
    )
    return this.#calls
  }
}

/** Tells of a call where it was made, with the settings it was made with. */
const publish = (operation, integration, milliseconds, outcome, attempts, number) => {
  const call = { operation, integration, milliseconds, outcome, attempts }
  tellLater(number, (settings) => publishCall(call, settings))
}

module.exports = { NativeStore }
