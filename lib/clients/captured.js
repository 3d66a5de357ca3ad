/** What a client of redis 4 or newer keeps to itself, but hands to others, in whose place we are for a moment. */

const { tracingChannel } = require('node:diagnostics_channel')
const { NativePromise } = require('../shared/globals')

/** Its options: `duplicate()` hands them to the class it finds as its own, which for this one call is ours. */
const capturedOptions = (client) => {
  const prototype = Object.getPrototypeOf(client)
  let options
  function capture(given) {
    options = given
  }
  Object.setPrototypeOf(client, Object.create(prototype, { constructor: { value: capture } }))
  try {
    client.duplicate()
  } finally {
    Object.setPrototypeOf(client, prototype)
  }
  return options
}

/** Node before 18.19 has none, and such clients tell nothing there. */
const tracing = tracingChannel?.('js-redis-key-store:captured').constructor.prototype ?? {}

/** What is ours for a call, and what stands there else: kept until it is put back. */
const NAMES = ['hasSubscribers', 'tracePromise'].filter((name) => name in tracing)
let originals

const putBack = () => {
  if (originals) Object.defineProperties(tracing, originals)
  originals = undefined
}

/**
 * What a client of redis 5.12 or newer tells tracers of a batch, `undefined` when it is not open: of one
 * without commands, of which neither server nor tracers hear, since what would tell them is ours for
 * this one call. Code may be stopped at any point, by a time-out of `vm` say: so it gives way by itself,
 * and touches no channel, which would not survive that.
 */
const capturedTrace = (client) => {
  let told
  const ours = {
    hasSubscribers: true,
    tracePromise(run, context, ...rest) {
      putBack()
      const isOurs = context?.batchSize === 0 && context.clientId === client._clientId
      if (!isOurs) return this.tracePromise(run, context, ...rest)
      told = context
      return NativePromise.resolve([])
    }
  }
  const descriptors = NAMES.map((name) => [name, { configurable: true, value: ours[name] }])
  originals ??= Object.fromEntries(
    NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(tracing, name)])
  )
  try {
    Object.defineProperties(tracing, Object.fromEntries(descriptors))
    client._executePipeline?.([]).catch(() => {})
  } finally {
    putBack()
  }
  return told
}

module.exports = { capturedOptions, capturedTrace }
