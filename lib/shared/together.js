/** Single calls, many at once, for who has no quicker way to make them. */

const { KeyStoreError } = require('./error')

/** How many ids each call takes. */
const WIDTHS = { saveIds: 2, getBotmaticId: 1, getExtId: 1, deleteIds: 2 }

/** What a call failed with, in place of its answer; a mistake of the program rejects. */
const failure = (error) => {
  if (error instanceof KeyStoreError) return error
  throw error
}

/** Makes a call of each so many ids: the answers in order, an error in place of that of one which failed. */
const together = (call, operation, integrationId, ids) => {
  const width = WIDTHS[operation]
  const answers = []
  for (let n = 0; n < ids.length; n += width) {
    answers.push(call(operation, integrationId, ...ids.slice(n, n + width)).catch(failure))
  }
  return Promise.all(answers)
}

/** A user who may not read this one key is connected and logged in. */
const unlessOfKey = (error) => {
  if (error.code !== 'NOPERM' || !/\bkeys?\b/.test(error.message)) throw error
}

module.exports = { together, unlessOfKey }
