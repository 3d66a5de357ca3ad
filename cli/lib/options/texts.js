/** Texts as options and arguments have them. */

const { InvalidArgumentError } = require('commander')

/** A parser of texts that must not be empty, as a shell makes them of a variable that is not set. */
const some = (what) => (text) => {
  if (text !== '') return text
  throw new InvalidArgumentError(`It is empty; name ${what}.`)
}

const someFile = some('a file')
const someId = some('an id')

module.exports = { someFile, someId }
