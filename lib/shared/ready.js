/** Whether a store is ready for calls: its first lookup tells. */

const { KeyStoreError } = require('./error')

/** Whether a lookup failed for its key alone: the user may have rights to other keys. */
const isOfKey = (code, reason) =>
  code === 'WRONGTYPE' || (code === 'NOPERM' && !/ to run the /.test(reason))

/**
 * Resolves when a lookup is answered, else rejects with a KeyStoreError.
 * @param {Promise<unknown>} looked
 * @param {(error: unknown) => [string, string]} explained code and reason of what it rejects with
 */
const whenReady = async (looked, explained) => {
  try {
    await looked
  } catch (error) {
    const [code, reason] = explained(error)
    if (!isOfKey(code, reason)) throw new KeyStoreError(code, reason, 'ready')
  }
}

module.exports = { whenReady }
