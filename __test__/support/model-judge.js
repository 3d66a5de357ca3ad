/** Makes calls on a store and on the model at once, and compares what comes of them. */

const diagnostics = require('node:diagnostics_channel')
const { setTimeout: sleep } = require('node:timers/promises')
const { createModel } = require('./model')

/** Generous, so that no call fails for want of time. */
const DEADLINE = 15_000
const GRACE = 1_000
const TIMES = {
  readTimeout: DEADLINE,
  writeTimeout: DEADLINE,
  responseTimeout: 500,
  connectTimeout: 1_000
}
/** How many calls before and after a wrong one are shown, and how much of a text. */
const AROUND = 12
const WIDTH = 40

/** What a server says that refused a call: the replies to all others are known. */
const REFUSED = /"(READONLY|BUSY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS) /

/** Outcomes that are answers, as the channel tells them. */
const ANSWERS = ['true', 'false', 'found', 'missing']

const shown = (value) => {
  const text = typeof value === 'string' ? `'${value}'` : String(value)
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}… (${text.length})` : text
}

const signature = ({ name, args }) => `${name}(${args.map(shown).join(', ')})`

/** The calls of a store, which `open` makes with the options given, judged by the model as they settle. */
const startJudge = (open) => {
  const model = createModel()
  const errors = []
  const store = open({ ...TIMES, onError: ({ message }) => errors.push(message) })
  /** The calls since all were settled last, and those that are not settled yet. */
  let log = []
  const under = new Map()
  /** What the channel told of calls whose promises are about to be heard of: in the same order. */
  const told = []
  const count = { calls: 0, resent: 0, lost: 0, free: 0, other: 0 }
  let failure
  let isOver = false

  const onCall = (message) => told.push(message)
  const onConnection = ({ state, reason }) => {
    if (state !== 'lost') return
    count.lost++
    for (const call of under.keys()) {
      call.lost = [...(call.lost ?? []), reason]
      call.mayBeDone ||= !REFUSED.test(reason)
    }
  }
  diagnostics.subscribe('js-redis-key-store:call', onCall)
  diagnostics.subscribe('js-redis-key-store:connection', onConnection)

  const fail = (text, call) => {
    failure ??= { text, call }
  }

  const settle = (call, result) => {
    under.delete(call)
    if (isOver) return
    const { operation, outcome, attempts } = told.shift()
    if (operation !== call.name) throw new Error('the channel tells of calls in another order')
    const took = performance.now() - call.madeAt
    const isAnswer = ANSWERS.includes(outcome)
    const answer = isAnswer ? result : outcome
    if (!isAnswer) call.error = errors.shift()
    const allowed = model.settle(call, { attempts, mayBeDone: call.mayBeDone === true })
    Object.assign(call, { came: answer, attempts, took })
    if (attempts > 1) count.resent++
    if (allowed.length > 1) count.free++
    if (answer !== call.answer) count.other++
    if (![...allowed, call.orFails].includes(answer)) {
      fail(`came to ${shown(answer)}, allowed: ${allowed.map(shown).join(', ')}`, call)
    }
    if (took > DEADLINE + GRACE) fail(`took ${Math.round(took)} ms`, call)
  }

  /** Makes a call of the store; `orFails`: with which code it may. */
  const make = (name, args, { orFails, ...options } = {}) => {
    const call = Object.assign(model.make(name, args, options), { orFails })
    call.madeAt = performance.now()
    log.push(call)
    count.calls++
    under.set(
      call,
      store[name](...args).then(
        (result) => settle(call, result),
        (error) => fail(`rejected: ${error.stack}`, call)
      )
    )
  }

  /** Resolves when every call is settled, or when one had the time and is not. */
  const settled = async () => {
    const ending = new AbortController()
    const late = sleep(DEADLINE + 2 * GRACE, undefined, ending).then(
      () => {
        const [call] = under.keys()
        if (call) fail(`has not settled; ${under.size} have not`, call)
      },
      () => {}
    )
    await Promise.race([Promise.all(under.values()), late])
    ending.abort()
    check()
  }

  /** A line about a call and what came of it. */
  const line = (call) => {
    const { number, attempts, came, answer, error, lost = [], took } = call
    const end = under.has(call)
      ? 'not settled'
      : `${shown(came)}${came === answer ? '' : ` (sequentially ${shown(answer)})`}, sent ${attempts} times, ${Math.round(took)} ms`
    const losses = [...new Set(lost)]
      .map((reason) => `; lost: ${reason.slice(0, 2 * WIDTH)}`)
      .join('')
    const reason = error ? `; ${error}` : ''
    return `#${number} ${signature(call)} → ${end}${losses}${reason}`
  }

  /** The calls that have to do with one, those around it first of all. */
  const related = ({ number, args: [integration] }) => {
    const own = log.filter(({ args }) => args[0] === integration)
    const at = own.findIndex((call) => call.number >= number)
    return own.slice(Math.max(0, at - AROUND), at + AROUND + 1)
  }

  /** Throws the first that was wrong so far. */
  const check = () => {
    if (!failure) return
    const { text, call } = failure
    const calls = related(call).map((other) => `${other === call ? '>' : ' '} ${line(other)}`)
    throw new Error(
      [`${signature(call)} ${text}`, 'Calls of its integration around it:', ...calls].join('\n')
    )
  }

  /** Throws when the servers' keys and values, once all is settled, are not what they should be. */
  const compare = (found) => {
    const expected = model.contents()
    const wrong = [...new Set([...expected.keys(), ...found.keys()])].filter(
      (key) => expected.get(key) !== found.get(key)
    )
    if (wrong.length > 0) {
      /** The calls that may have written a key. */
      const writers = (key) =>
        log.filter(
          ({ name, args, keys }) =>
            keys.includes(key) || (name === 'deleteAllIds' && key.startsWith(`${args[0]}:`))
        )
      const lines = wrong
        .slice(0, 5)
        .flatMap((key) => [
          `${shown(key)} holds ${shown(found.get(key))}, should hold ${shown(expected.get(key))}; written by`,
          ...writers(key).slice(-AROUND).map(line)
        ])
      throw new Error([`${wrong.length} keys are wrong`, ...lines].join('\n'))
    }
    log = []
    model.forget()
  }

  return {
    count,
    store,
    make,
    settled,
    check,
    compare,
    value: model.value,
    under: () => under.size,
    stop: () => {
      isOver = true
      diagnostics.unsubscribe('js-redis-key-store:call', onCall)
      diagnostics.unsubscribe('js-redis-key-store:connection', onConnection)
    }
  }
}

module.exports = { TIMES, startJudge }
