const { members, pemText, urlText } = require('./members')

const MAX_MS = 2 ** 31 - 1

/** A TypeError of this module. */
const refuse = (text) => new TypeError(`js-redis-key-store: ${text}`)

/** What a value is, for a message: never the value itself, which may be a password. */
const kindOf = (value) => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

/** Text of what may have none. */
const textOf = (value) => {
  try {
    return String(value)
  } catch {
    return ''
  }
}

/**
 * A number as clients take it: a whole one or its text, as Redis reads that; `undefined` for what
 * is none.
 */
const wholeNumber = (value) => {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value
  return /^(0|[1-9]\d*)$/.test(textOf(value)) ? Number(value) : undefined
}

/** Ports are never sent to Redis, and Node allows spaces around their text. */
const port = (value) => wholeNumber(textOf(value).trim())

/** What accepts numbers from `least` to `most` that `read` gives. */
const numbers = (least, most, name, read = wholeNumber) => ({
  isNumber: true,
  read,
  accepts: (v) => read(v) >= least && read(v) <= most,
  name
})

/** One checker a kind: what it accepts, how that is called in a message, and what it is read as. */
const kinds = {
  boolean: { accepts: (v) => typeof v === 'boolean', name: 'true or false' },
  text: { accepts: (v) => typeof v === 'string', name: 'a string' },
  function: { accepts: (v) => typeof v === 'function', name: 'a function' },
  signal: {
    accepts: (v) => typeof v?.aborted === 'boolean' && typeof v.addEventListener === 'function',
    name: 'an AbortSignal'
  },
  object: {
    accepts: (v) => typeof v === 'object' && v !== null && !Array.isArray(v),
    name: 'an object'
  },
  milliseconds: numbers(1, MAX_MS, `a whole number of milliseconds from 1 to ${MAX_MS}`),
  megabytes: numbers(1, 65_536, 'a whole number of MB from 1 to 65536'),
  durability: {
    accepts: (v) => v === 'immediate' || v === 'eventual',
    name: '"immediate" or "eventual"'
  },
  count: numbers(1, 2 ** 32 - 1, 'a whole number from 1 to 4294967295'),
  port: numbers(1, 65_535, 'a whole number from 1 to 65535', port),
  database: numbers(0, 2 ** 31 - 1, 'a whole number from 0'),
  url: {
    read: urlText,
    accepts: (v) => typeof urlText(v) === 'string',
    name: 'a string or a URL'
  },
  nodes: {
    accepts: Array.isArray,
    name: 'an array of {host, port} or "host:port"'
  },
  tls: {
    accepts: (v) => typeof v === 'boolean' || kinds.object.accepts(v),
    name: 'true, false or an object'
  },
  pem: {
    read: pemText,
    accepts: (v) => typeof pemText(v) === 'string',
    name: 'a string or Buffer in PEM'
  },
  pems: {
    read: (v) => [v].flat().map(pemText),
    accepts: (v) => [v].flat().every((one) => kinds.pem.accepts(one)),
    name: 'a string or Buffer in PEM, or an array of them'
  }
}

/** The complaint about an option; `whose` says what option. */
const complain = (whose, name, kind, value) => {
  // A number is shown where one is wanted: elsewhere it may be a password.
  const shown = kind.isNumber && typeof value === 'number' ? `the number ${value}` : kindOf(value)
  return refuse(`${whose} "${name}" must be ${kind.name}, not ${shown}`)
}

/**
 * The number that an option stands for.
 * @param {'port' | 'database'} kindName
 * @param {string} name the option's
 * @param {string} [whose] what stands before the name in a message
 */
const numberOption = (kindName, name, value, whose = "the client's option") => {
  const kind = kinds[kindName]
  if (!kind.accepts(value)) throw complain(whose, name, kind, value)
  return kind.read(value)
}

/**
 * Reads options: those that `known` maps to kinds, each of its kind. `undefined` is as good as absent.
 * @param {object} given
 * @param {Record<string, keyof typeof kinds>} known
 * @param {string} [path] what stands before a name in a message
 */
const readOptions = (given, known, path = '') => {
  const options = members(given, known)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      throw refuse(
        `unknown option "${path}${name}"; known are ${Object.keys(known)
          .map((own) => path + own)
          .join(', ')}`
      )
    }
    const kind = kinds[known[name]]
    if (value === undefined) delete options[name]
    else if (!kind.accepts(value)) throw complain('option', path + name, kind, value)
    else if (kind.read) options[name] = kind.read(value)
  }
  return options
}

module.exports = { MAX_MS, kindOf, numberOption, readOptions, refuse, wholeNumber }
