/**
 * What this module uses of the engine's globals at run time, as it was when the module was loaded:
 * fake timers of tests and promise libraries put others in their place.
 */

const { clearTimeout, performance, setTimeout } = globalThis

/** The time in ms since the process began. */
const clock = performance.now.bind(performance)

/** The engine's own, also where another stood in its place before. */
const { constructor: NativePromise } = (async () => {})()

const settled = NativePromise.resolve()

/** Runs a function as a microtask. */
const soon = (run) => void settled.then(run)

module.exports = { NativePromise, clearTimeout, clock, setTimeout, soon }
