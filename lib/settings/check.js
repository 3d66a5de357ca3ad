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

/**
 * A number as clients take it: a whole one or its text, as Redis reads that; `undefined` for what
 * is none.
 */
const wholeNumber = (value) => {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value
  return /^(0|[1-9]\d*)$/.test(String(value)) ? Number(value) : undefined
}

/** Ports are never sent to Redis, and Node allows spaces around their text. */
const port = (value) => wholeNumber(String(value).trim())

const isPort = (value) => port(value) > 0 && port(value) < 65536

const isDatabase = (value) => wholeNumber(value) < 2 ** 31

/** One checker a kind: what it accepts, and how that is called in a message. */
const kinds = {
  boolean: { accepts: (v) => typeof v === 'boolean', name: 'true or false' },
  text: { accepts: (v) => typeof v === 'string', name: 'a string' },
  function: { accepts: (v) => typeof v === 'function', name: 'a function' },
  object: {
    accepts: (v) => typeof v === 'object' && v !== null && !Array.isArray(v),
    name: 'an object'
  },
  milliseconds: {
    isNumber: true,
    accepts: (v) => Number.isInteger(v) && v >= 1 && v <= MAX_MS,
    name: `a whole number of milliseconds from 1 to ${MAX_MS}`
  },
  count: {
    isNumber: true,
    accepts: (v) => Number.isInteger(v) && v >= 1 && v < 2 ** 32,
    name: 'a whole number from 1 to 4294967295'
  },
  port: {
    isNumber: true,
    read: port,
    accepts: isPort,
    name: 'a whole number from 1 to 65535'
  },
  database: {
    isNumber: true,
    read: wholeNumber,
    accepts: isDatabase,
    name: 'a whole number from 0'
  },
  tls: {
    accepts: (v) => typeof v === 'boolean' || kinds.object.accepts(v),
    name: 'true, false or an object'
  },
  pem: {
    accepts: (v) => typeof v === 'string' || Buffer.isBuffer(v),
    name: 'a string or Buffer in PEM'
  },
  pems: {
    accepts: (v) => [v].flat().every((one) => kinds.pem.accepts(one)),
    name: 'a string or Buffer in PEM, or an array of them'
  }
}

/** The complaint about an option; `what` says whose it is. */
const complain = (what, name, kind, value) => {
  // A number is shown where one is wanted: elsewhere it may be a password.
  const shown = kind.isNumber && typeof value === 'number' ? `the number ${value}` : kindOf(value)
  return refuse(`${what} "${name}" must be ${kind.name}, not ${shown}`)
}

/**
 * The number that a client's option stands for.
 * @param {'port' | 'database'} kindName
 * @param {string} name the option's
 */
const numberOption = (kindName, name, value) => {
  const kind = kinds[kindName]
  if (!kind.accepts(value)) throw complain("the client's option", name, kind, value)
  return kind.read(value)
}

/**
 * Checks the values of `given` against `known`, which maps names to kinds. `undefined` is as good
 * as absent.
 * @param {object} given
 * @param {Record<string, keyof typeof kinds>} known
 * @param {string} [path] what stands before a name in a message
 */
const checkOptions = (given, known, path = '') => {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      throw refuse(
        `unknown option "${path}${name}"; known are ${Object.keys(known)
          .map((own) => path + own)
          .join(', ')}`
      )
    }
    const kind = kinds[known[name]]
    if (value !== undefined && !kind.accepts(value)) {
      throw complain('option', path + name, kind, value)
    }
  }
}

module.exports = { MAX_MS, checkOptions, kindOf, numberOption, refuse, wholeNumber }
