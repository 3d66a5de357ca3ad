/** What is printed of ids. */

/** Characters that are shown of an integration id, which is a bearer token: as many as the library shows. */
const SHOWN = 4

/** An integration id as it may be shown. */
const masked = (integrationId) => {
  const characters = [...integrationId]
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN).join('')}…` : characters.join('')
}

/** A text that a terminal shows as it is: control characters move its cursor, or worse. */
const printable = (text) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return `\\u${code}`
  })

module.exports = { masked, printable }
