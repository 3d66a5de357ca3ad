/** Makes spans of OpenTelemetry out of what stores tell of their calls. */

const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { SpanKind, SpanStatusCode } = require('@opentelemetry/api')

const CHANNEL = 'js-redis-key-store:call'

/**
 * Begins with it, for all stores of this process; gives a function that ends it. A call is told of once
 * it is over, where it was made: so its span has the parent that was active there.
 * @param {import('@opentelemetry/api').Tracer} tracer
 */
const traceCalls = (tracer) => {
  const listener = ({ operation, integration, milliseconds, outcome, attempts, ...attributes }) => {
    const end = Date.now()
    const span = tracer.startSpan(operation, {
      kind: SpanKind.CLIENT,
      startTime: end - milliseconds,
      attributes: {
        ...attributes,
        'key_store.integration': integration,
        'key_store.outcome': outcome,
        'key_store.attempts': attempts
      }
    })
    if (attributes['error.type']) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome })
    span.end(end)
  }
  subscribe(CHANNEL, listener)
  return () => unsubscribe(CHANNEL, listener)
}

module.exports = { traceCalls }
