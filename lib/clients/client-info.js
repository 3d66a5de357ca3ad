/** What a server tells of a client's own connection. */

const { within } = require('../shared/within')

/**
 * The database that it is in, as settings; that of the options where the server does not tell.
 * @param {() => unknown} ask sends `CLIENT INFO`; resolves to nothing where that cannot be asked
 * @param {number} limit for so long, in ms
 * @param {() => number} ofOptions
 */
const askedDatabase = async (ask, limit, ofOptions) => {
  // Not in code that may be stopped, by a time-out of `vm` say: the client's timers do not survive that.
  await undefined
  try {
    const info = await within(limit, ask())
    if (info !== undefined) return { db: Number(/ db=(\d+) /.exec(String(info))?.[1] ?? 0) }
  } catch {
    // The server refuses, or the client is gone.
  }
  return { db: ofOptions() }
}

module.exports = { askedDatabase }
