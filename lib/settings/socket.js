/** Options of Node's sockets that change where or how a client connects, and that only those know. */

/** Those that are taken to be foreign wherever they are given. */
const FOREIGN = [
  'ALPNCallback',
  'ALPNProtocols',
  'allowPartialTrustChain',
  'blockList',
  'checkServerIdentity',
  'ciphers',
  'clientCertEngine',
  'createConnection',
  'crl',
  'dhparam',
  'ecdhCurve',
  'hints',
  'localAddress',
  'localPort',
  'minDHSize',
  'passphrase',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'signal',
  'sigalgs',
  'socket'
]

/** Versions of TLS that are no news to the native side, which speaks 1.2 and 1.3. */
const VERSIONS = {
  minVersion: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
  maxVersion: ['TLSv1.3']
}

const isGiven = (value) => value !== undefined && value !== null

const isForeign = (options, name) => {
  const value = options[name]
  if (!isGiven(value)) return false
  if (name === 'lookup') return value !== require('node:dns').lookup
  return !VERSIONS[name]?.includes(value)
}

/**
 * Why a client's socket cannot be taken over, as text.
 * @param {object} [options] what it is made with; for `true` and the like, nothing
 * @param {boolean} hasTls
 */
const foreignSocket = (options, hasTls) => {
  if (typeof options !== 'object' || options === null) return undefined
  const name = ['lookup', ...FOREIGN, ...Object.keys(VERSIONS)].find((each) =>
    isForeign(options, each)
  )
  if (name) return `the ${hasTls ? 'TLS' : 'socket'} option "${name}"`
  if (!options.path) return undefined
  if (hasTls) return 'TLS over a Unix socket'
  return process.platform === 'win32' ? 'a named pipe' : undefined
}

module.exports = { foreignSocket }
