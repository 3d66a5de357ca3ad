/** What a client of redis 4 or newer keeps to itself, but hands to others, in whose place we are for a moment. */

const { channel, tracingChannel } = require('node:diagnostics_channel')
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

/** A client tells of a batch only while somebody listens here. */
const BATCH = channel('tracing:node-redis:batch:start')
const listener = () => {}

const { prototype: tracing } = tracingChannel('js-redis-key-store:captured').constructor

/**
 * What a client of redis 5.12 or newer tells tracers of a batch, `undefined` when it is not open: of one
 * without commands, of which neither server nor tracers hear, since what would tell them is ours for
 * this one call. Code may be stopped at any point, by a time-out of `vm` say: so it gives way by itself.
 */
const capturedTrace = (client) => {
  const { tracePromise } = tracing
  let told
  Reflect.set(tracing, 'tracePromise', function (run, context, ...rest) {
    tracing.tracePromise = tracePromise
    const isOurs = context?.batchSize === 0 && context.clientId === client._clientId
    if (!isOurs) return tracePromise.call(this, run, context, ...rest)
    told = context
    return NativePromise.resolve([])
  })
  BATCH.subscribe(listener)
  try {
    client._executePipeline?.([]).catch(() => {})
  } finally {
    Reflect.set(tracing, 'tracePromise', tracePromise)
    while (BATCH.unsubscribe(listener));
  }
  return told
}

module.exports = { capturedOptions, capturedTrace }
