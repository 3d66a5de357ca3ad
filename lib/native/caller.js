/** Who made a call that somebody listens to, and what is to be told of it there. */

const { AsyncResource } = require('node:async_hooks')
const { NativePromise } = require('../shared/globals')

/**
 * By the number of a call's promise, what is to be told of it when that is settled. The native
 * side settles what it tells of at once, link by link.
 */
const tellings = new Map()

/** Tells of a call in the context of who made it, once the native side settles it. */
const tellLater = (number, tell) => {
  const before = tellings.get(number)
  tellings.set(number, before ? [...before, tell] : [tell])
}

/** Whether something is to be told. */
const hasTellings = () => tellings.size > 0

/** Tells what is to be told of a call; `resolve` is what `byCaller` made of its promise's. */
const tellNow = (number, resolve) => {
  const own = tellings.get(number)
  if (!own) return
  // First: code of the application may be stopped.
  tellings.delete(number)
  for (const tell of own) {
    if (resolve?.context) resolve.context.runInAsyncScope(tell, undefined, resolve.settings)
    else tell(resolve?.settings)
  }
}

/** From this version on Node keeps contexts where they cannot be seen. */
const [major] = process.versions.node.split('.')
const isHidden = Number(major) >= 24

/** Whether anything is kept in the asynchronous context: a promise that is made there bears it. */
const hasContext = () =>
  isHidden ||
  Object.getOwnPropertySymbols(new NativePromise(() => {})).some(
    ({ description }) => description === 'kResourceStore'
  )

/**
 * A `resolve` that remembers the asynchronous context of now, and with what settings the call is made.
 * Where nothing is kept in it nothing is entered: what is stopped in there, by a debugger say, ends the
 * process.
 */
const byCaller = (resolve, settings) => {
  if (!hasContext()) return Object.assign(resolve, { settings })
  const context = new AsyncResource('js-redis-key-store:call')
  const settle = (value) => {
    context.emitDestroy()
    resolve(value)
  }
  return Object.assign(settle, { context, settings })
}

module.exports = { byCaller, hasTellings, tellLater, tellNow }
