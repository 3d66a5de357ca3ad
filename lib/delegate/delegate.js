const { toUSVString } = require('node:util')
const { closeClient } = require('../clients/closing')
const { closeByName } = require('../clients/shape')
const { Commands } = require('./commands')
const { refuse } = require('../settings/check')
const { calls, publishCall } = require('../shared/channels')
const { Reporter, masked } = require('../shared/error')
const { NativePromise, clock, setTimeout } = require('../shared/globals')
const { reasonOf } = require('../shared/log')
const { whenReady } = require('../shared/ready')
const { within } = require('../shared/within')
const { deleteAll } = require('./delete-all')
const { PASSES, explained } = require('./explained')
const { Failure } = require('./failure')
const { complaint, readId } = require('./id')
const { listIds } = require('./list')
const { many } = require('./many')

/** Where a client of no known family goes, where it has options as the known ones have. */
const readSettings = ({ options }) => {
  const { host, port, path } = options?.socket ?? options ?? {}
  return { host, port, path, db: options?.database ?? options?.db }
}

/** Where a client goes, as far as that can be told. */
const settingsOf = (client, settings) => {
  try {
    return settings(client)
  } catch {
    return {}
  }
}

/** How long to wait before trying again, in ms: twice as long each time, up to a limit. */
const FIRST_WAIT = 50
const LAST_WAIT = 1_500

/** Whether a call is about all integrations. */
const isOfAll = ({ operation }, [, listed]) => operation === 'listIds' && listed === 'i'

const late = (limit, option) =>
  new Failure(
    'TIMEOUT',
    `within ${limit} ms (${option}), no answer came from the client; check its server and its connection`
  )

const closed = () =>
  new Failure('CLOSED', 'the store is closed: its quit() was called; make a new store')

const unanswered = (limit) =>
  new Failure('CLOSED', `quit() was called, and the client has not answered for ${limit} ms since`)

/** What each call does, given the keys' stem and the text of its ids. */
const OPERATIONS = {
  saveIds: async (commands, stem, botmaticId, extId) => {
    await commands.set([`${stem}:b:${botmaticId}`, extId], [`${stem}:e:${extId}`, botmaticId])
    return true
  },
  getBotmaticId: (commands, stem, extId) => commands.get(`${stem}:e:${extId}`),
  getExtId: (commands, stem, botmaticId) => commands.get(`${stem}:b:${botmaticId}`),
  deleteIds: async (commands, stem, botmaticId, extId, found) => {
    const keys = [`${stem}:b:${botmaticId}`, `${stem}:e:${extId}`]
    const remove = async (key) => {
      if (await commands.del(key)) found.add(key)
    }
    const ends = await NativePromise.allSettled(keys.map(remove))
    const failed = ends.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    return found.size === 2
  },
  deleteAllIds: async (commands, stem) => {
    await deleteAll(commands, stem)
    return true
  },
  listIds,
  ready: (commands, stem) => commands.get(`${stem}:b:ready`)
}

/** Which option says how long a call may take. */
const LIMITS = {
  saveIds: 'writeTimeout',
  getBotmaticId: 'readTimeout',
  getExtId: 'readTimeout',
  deleteIds: 'writeTimeout',
  deleteAllIds: 'writeTimeout',
  listIds: 'readTimeout',
  ready: 'connectTimeout'
}

/** The calls of a store that has no connection of its own: over the commands of its client. */
class Delegate {
  native = false
  /** See `NativeStore`. */
  listsKeys = true
  #client
  #close
  #settings
  #commands
  #reporter
  #prefix
  #timeouts
  #maxPending
  /** How many calls were made. */
  #made = 0
  /** Calls that are not settled, and how each is made to fail. */
  #pending = new Map()
  /** By integration id, the end of its last call: the next one waits for it. */
  #last = new Map()
  #isClosed = false
  /** Whether no command is to be sent any more. */
  #isOver = false
  /** What quit() comes to. */
  #quitting

  /** Over the commands of `client`, which its `family` knows, if it has one. */
  constructor(client, given, family) {
    const { readTimeout, writeTimeout = 3_600_000, connectTimeout, responseTimeout } = given
    const { keyPrefix, maxPending } = given
    this.#client = client
    this.#close = family?.close ?? closeByName
    this.#settings = family?.settings ?? readSettings
    this.#commands = Commands.of(family?.commands?.(client) ?? client, family !== undefined)
    if (keyPrefix !== undefined && this.#commands.hasPrefix) {
      throw refuse(
        'option "keyPrefix" cannot replace the prefix of this client, which is served through its ' +
          'own commands; leave one of them out'
      )
    }
    this.#reporter = new Reporter(given)
    this.#prefix = keyPrefix ?? ''
    this.#timeouts = { readTimeout, writeTimeout, connectTimeout, responseTimeout }
    this.#maxPending = maxPending
  }

  saveIds(integrationId, botmaticId, extId) {
    return this.#quietly('saveIds', integrationId, botmaticId, extId)
  }

  getBotmaticId(integrationId, extId) {
    return this.#quietly('getBotmaticId', integrationId, extId)
  }

  getExtId(integrationId, botmaticId) {
    return this.#quietly('getExtId', integrationId, botmaticId)
  }

  deleteIds(integrationId, botmaticId, extId) {
    return this.#quietly('deleteIds', integrationId, botmaticId, extId)
  }

  deleteAllIds(integrationId) {
    return this.#quietly('deleteAllIds', integrationId)
  }

  /** A call that rejects with a KeyStoreError when it fails, whatever the store is set to. */
  call(operation, integrationId, ...ids) {
    return this.#run(operation, integrationId, ids, (code, reason, integration) => {
      throw this.#reporter.error(code, reason, operation, masked(integration))
    })
  }

  many(operation, integrationId, ids) {
    return many(this, operation, integrationId, ids, this.#maxPending)
  }

  async file(operation) {
    throw refuse(`${operation} is for the store of a file only`)
  }

  #quietly(operation, integrationId, ...ids) {
    return this.#run(operation, integrationId, ids, (code, reason, integration) =>
      this.#reporter.fail(code, reason, operation, integration)
    )
  }

  /** `fail` says what a failure comes to. */
  async #run(operation, integrationId, given, fail) {
    const integration = toUSVString(`${integrationId}`)
    const ids = given.map(readId)
    const call = { operation, integration, attempts: 0 }
    const started = clock()
    this.#made++
    let outcome
    try {
      const answer = await this.#attempt(call, ids)
      outcome = typeof answer === 'boolean' ? `${answer}` : answer === null ? 'missing' : 'found'
      return answer
    } catch (error) {
      const [code, reason] = explained(error)
      outcome = code
      return fail(code, reason, integration)
    } finally {
      if (calls.hasSubscribers) {
        const milliseconds = clock() - started
        const told = { ...call, integration: masked(integration), milliseconds, outcome }
        publishCall(told, settingsOf(this.#client, this.#settings))
      }
    }
  }

  async #attempt(call, ids) {
    if (this.#isClosed) {
      throw closed()
    }
    if (this.#pending.size >= this.#maxPending) {
      const reason = `${this.#maxPending} calls wait already, as many as maxPending allows; await earlier calls or raise it`
      throw new Failure('BUSY', reason)
    }
    const reason = complaint(call.operation, ids)
    if (reason) throw new Failure('NOID', reason)
    const texts = ids.map(({ text }) => text)
    let giveUp
    const givenUp = new NativePromise((_, reject) => (giveUp = reject))
    const answer = this.#inTurn(call, texts, givenUp)
    // First: code may be stopped, by a time-out of `vm` say, and nothing is to be left over then.
    const done = () => this.#pending.delete(answer)
    answer.then(done, done)
    this.#pending.set(answer, giveUp)
    return answer
  }

  /** See index.d.ts. */
  ready() {
    const looked = this.#attempt({ operation: 'ready', integration: '', attempts: 0 }, [])
    return whenReady(looked, explained)
  }

  /** As `stats` of a store with a connection of its own, which bytes are unknown here. */
  stats() {
    return {
      calls: this.#made,
      failures: { ...this.#reporter.failures },
      pending: this.#pending.size,
      reconnects: 0,
      bytes: { sent: 0, received: 0 }
    }
  }

  /** Closes the client once the calls already made have completed. Once more it gives the same. */
  quit() {
    this.#isClosed = true
    this.#quitting ??= this.#quit()
    return this.#quitting
  }

  async #quit() {
    const { connectTimeout, responseTimeout } = this.#timeouts
    let left
    do {
      left = this.#pending.size
      await within(responseTimeout, NativePromise.allSettled(this.#pending.keys())).catch(() => {})
    } while (this.#pending.size > 0 && this.#pending.size < left)
    this.#isOver = true
    for (const giveUp of this.#pending.values()) giveUp(unanswered(responseTimeout))
    return closeClient(this.#client, this.#close, connectTimeout)
  }

  /** Runs a call after those before it that it has to do with, within its deadline and until `givenUp`. */
  #inTurn(call, ids, givenUp) {
    const { operation, integration } = call
    const option = LIMITS[operation]
    const limit = this.#timeouts[option]
    // A timer may come a part of a millisecond early.
    const deadline = clock() + Math.max(limit - 1, 1)
    const stem = `${this.#prefix}${integration}`
    const check = () => {
      if (clock() >= deadline) throw late(limit, option)
      if (this.#isOver) throw closed()
    }
    const commands = this.#commands.until(check)
    /** What of a pair was found so far. */
    const found = new Set()
    const start = async () => {
      check()
      for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LAST_WAIT)) {
        call.attempts++
        try {
          return await OPERATIONS[operation](commands, stem, ...ids, found)
        } catch (error) {
          const isLate = clock() + wait >= deadline
          if (!PASSES.test(reasonOf(error)) || this.#isOver || isLate) throw error
        }
        await new NativePromise((resolve) => setTimeout(resolve, wait))
      }
    }
    const before = isOfAll(call, ids)
      ? NativePromise.all(this.#last.values())
      : this.#last.get(integration)
    const answer = before ? before.then(start) : start()
    const answered = NativePromise.race([answer, givenUp])
    const inTime = within(limit, answered, () => late(limit, option))
    const end = inTime.then(
      () => {},
      () => {}
    )
    this.#last.set(integration, end)
    end.then(() => {
      if (this.#last.get(integration) === end) this.#last.delete(integration)
    })
    return inTime
  }
}

module.exports = { Delegate }
