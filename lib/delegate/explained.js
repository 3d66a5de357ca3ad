/** Errors of a client in the store's own words. */

const { reasonOf } = require('../shared/log')
const { Failure } = require('./failure')

const CODES = {
  NOAUTH: 'AUTH',
  WRONGPASS: 'AUTH',
  NOPERM: 'NOPERM',
  WRONGTYPE: 'WRONGTYPE',
  READONLY: 'READONLY',
  OOM: 'OOM',
  MOVED: 'MOVED',
  ASK: 'MOVED'
}

/**
 * Errors of a server that will serve later, as in src/error/reply.rs. Not READONLY: that passes on a connection to
 * the new master, which the client has to make.
 */
const PASSES =
  /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|UNBLOCKED|REDIRECT)\b|max number of clients/

/** What to do about an error of a client, by code. */
const ADVICE = {
  AUTH: 'check the user name and password of the client',
  NOPERM: "let its user run the store's commands on the store's keys",
  WRONGTYPE: "another program keeps something else under this key; keep the store's keys to itself",
  READONLY: 'its server is a replica; use the master',
  OOM: 'give the server more memory, and keep its maxmemory-policy at noeviction',
  MOVED: 'its server is one node of a cluster; use a cluster client, which reaches all of them',
  CLOSED: 'make a new store from an open client',
  UNREACHABLE: 'that did not pass by the deadline; look at the server',
  REPLY: 'see the documentation of the client, or of Redis, for this'
}

/** Code and reason of a failure. Most errors of clients begin with the word that Redis replied. */
const explained = (error) => {
  if (error instanceof Failure) return [error.code, error.message]
  // Redis quotes the arguments of an unknown command, which are keys.
  const [message] = reasonOf(error).split(', with args')
  const isClosed = /\bis (already )?closed/.test(message)
  const known = PASSES.test(message) ? 'UNREACHABLE' : CODES[/^\w+/.exec(message)?.[0]]
  const code = isClosed ? 'CLOSED' : (known ?? 'REPLY')
  return [code, `the client answered "${message}"; ${ADVICE[code]}`]
}

module.exports = { PASSES, explained }
