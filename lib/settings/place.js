/** Hosts, ports and IP versions as clients take them. */

const net = require('node:net')
const { numberOption, refuse } = require('./check')
const { members } = require('./members')

const withoutBrackets = (host) => String(host).replace(/^\[|\]$/g, '')

/** A node as text: `host`, `host:port` or `[address]:port`; `undefined` when it is none of them. */
const parseNode = (text) => {
  const [isNode, address, name, port] =
    /^(?:\[([^\]]+)\]|([^:[\]/@\s]+))(?::(\d+))?$/.exec(text) ?? []
  return isNode && { host: address ?? name, port }
}

/** Which addresses of a name are wanted: 4, 6 or all of them. What is no name has but one. */
const family = (host, value) => {
  if (net.isIP(host) || !value || value === '0') return undefined
  const [, version] = /^(?:IPv)?([46])$/.exec(value) ?? []
  if (!version) throw refuse(`the client's option "family" must be 4 or 6`)
  return Number(version)
}

/**
 * The keys of a `natMap` are `host:port`, and an IPv6 address stands there without brackets; the
 * native side calls it `[host]:port`.
 */
const nativeKey = (key) => {
  const [, host, port] = /^(.*):([^:]*)$/.exec(key) ?? [key]
  return host?.includes(':') ? `[${withoutBrackets(host)}]:${port}` : key
}

/**
 * A map of where servers are really reached, for the native side.
 * @param {string} name the option's
 * @param {object} [map]
 * @param {string} [whose] what stands before the name in a message
 */
const natMap = (name, map, whose = "the client's option") => {
  const entries = Object.entries(members(map ?? {})).filter(([, to]) => to)
  return Object.fromEntries(
    entries.map(([key, { host, port = 6379 }]) => {
      if (!host) throw refuse(`${whose} "${name}" names no host for "${key}"`)
      const place = {
        host: withoutBrackets(host),
        port: numberOption('port', `${name}["${key}"].port`, port, whose)
      }
      return [nativeKey(key), place]
    })
  )
}

module.exports = { family, natMap, parseNode, withoutBrackets }
