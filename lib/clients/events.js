/** By emitter: whom to tell of its events. */
const watchers = new WeakMap()

/**
 * Calls `onEvent` just before each event of a client, so that what happens to the client is seen
 * at once. A listener would do, but its owner could count it; `emit` of its own, not enumerable,
 * shows neither in its listeners nor when it is printed.
 */
const watchEvents = (emitter, onEvent) => {
  const others = watchers.get(emitter)
  if (others) return others.push(onEvent)
  const own = [onEvent]
  watchers.set(emitter, own)
  const { emit } = emitter
  Reflect.defineProperty(emitter, 'emit', {
    configurable: true,
    writable: true,
    enumerable: false,
    value: function (...args) {
      for (const call of own) call()
      return emit.apply(this, args)
    }
  })
}

module.exports = { watchEvents }
