/** Lines of a stream of bytes. */

const { StringDecoder } = require('node:string_decoder')

/** How long a line may be, in characters: one that goes on further is no record. */
const MOST = 16 * 2 ** 20

/** The lines of a stream, in lists, without their ends. A BOM at the beginning is left out. */
const lines = async function* (stream) {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isFirst = true
  const split = (text) => {
    const all = (rest + text).split('\n')
    if (isFirst) all[0] = all[0].replace(/^\ufeff/, '')
    isFirst = false
    rest = all.pop()
    if (rest.length > MOST) throw new Error(`a line is longer than ${MOST} characters`)
    return all
  }
  for await (const bytes of stream) {
    const all = split(decoder.write(bytes))
    if (all.length > 0) yield all
  }
  rest += decoder.end()
  if (rest !== '') yield [rest]
}

module.exports = { lines }
