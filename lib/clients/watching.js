const { log, reasonOf } = require('../shared/log')

/** Runs what hangs on a client: what goes wrong there must not become the client's own error. */
const guarded = (run, ...args) => {
  try {
    run(...args)
  } catch (error) {
    log('cannot follow the client: %s', reasonOf(error))
  }
}

/**
 * Makes a `watch(client, onChange)` of `install(client, tell)`, which hooks into a client once
 * however many watch it.
 */
const watching = (install) => {
  const watchers = new WeakMap()
  return (client, onChange) => {
    const others = watchers.get(client)
    if (others) return others.push(onChange)
    const own = [onChange]
    watchers.set(client, own)
    install(client, () => {
      for (const call of own) guarded(call)
    })
  }
}

/**
 * Puts a method of the client's own before that of its class: `wrap` makes it of that one. It is not
 * enumerable, so that it does not show when the client is printed.
 */
const override = (client, name, wrap) => {
  const method = client[name]
  if (typeof method !== 'function') return
  Reflect.defineProperty(client, name, {
    configurable: true,
    writable: true,
    enumerable: false,
    value: wrap(method)
  })
}

/** Tells each time when a method of the client, which closes it, has returned. */
const tellAfter = (client, name, tell) =>
  override(
    client,
    name,
    (method) =>
      function (...args) {
        try {
          return method.apply(this, args)
        } finally {
          tell()
        }
      }
  )

/**
 * A `watch` that calls back just before each event of a client, so that what happens to it is seen
 * at once; `look(client, event)` sees it first. A listener would do, but its owner could count it.
 */
const watchEvents = (look = () => {}) =>
  watching((client, tell) => {
    override(
      client,
      'emit',
      (emit) =>
        function (...args) {
          guarded(look, client, args[0])
          tell()
          return emit.apply(this, args)
        }
    )
  })

module.exports = { override, tellAfter, watchEvents, watching }
