/** Options as they are handed over: of any realm, class or prototype. */

/**
 * What every object of some realm inherits from. What a library has put there is no option of
 * anybody's.
 */
const isRoot = (object) =>
  Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'hasOwnProperty')

/**
 * The options among an object's own and inherited properties: all that `known` names, and what else
 * there is that is meant as one, which methods of a class are not.
 * @param {object} object
 * @param {object} [known]
 * @returns {object} one without a prototype
 */
const members = (object, known = {}) => {
  const found = Object.create(null)
  for (let at = object; at !== null && !isRoot(at); at = Object.getPrototypeOf(at)) {
    for (const [name, { enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name in found || !(enumerable || Object.hasOwn(known, name))) continue
      const value = object[name]
      const isMethod = at !== object && typeof value === 'function'
      if (!isMethod || Object.hasOwn(known, name)) found[name] = value
    }
  }
  return found
}

/** The text of a URL, which may be an object of another realm or of a polyfill. */
const urlText = (value) => {
  const isUrl = typeof value?.href === 'string' && typeof value.protocol === 'string'
  return isUrl ? value.href : value
}

/** The text of PEM, which may be given as bytes. */
const pemText = (value) =>
  ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
    : value

/**
 * The same record or list without prototypes, for whoever reads properties that are not there too:
 * the native side, above all.
 */
const bare = (value) => {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(null)
  for (const [name, member] of Object.entries(value)) copy[name] = bare(member)
  return copy
}

/** Whether an object has no class: what is written out in some realm, or parsed. */
const isPlain = (object) => {
  const prototype = Object.getPrototypeOf(object)
  return prototype === null || isRoot(prototype)
}

module.exports = { bare, isPlain, members, pemText, urlText }
