const fs = require('node:fs')
const { readOptions } = require('./check')
const { pemText } = require('./members')

const KNOWN = {
  ca: 'pems',
  cert: 'pem',
  key: 'pem',
  servername: 'text',
  rejectUnauthorized: 'boolean'
}

/** The certificates that Node itself trusts when it is given none. */
const trusted = () => {
  const extra = process.env.NODE_EXTRA_CA_CERTS
  // Required here, since it costs more memory than the whole of this module.
  let certificates = require('node:tls').rootCertificates
  if (extra) {
    try {
      certificates = [...certificates, fs.readFileSync(extra, 'utf8')]
    } catch {
      // Node warns of an unreadable file itself, and goes on without it.
    }
  }
  return certificates
}

/**
 * The TLS settings of the native side, by the rules of Node's own `tls.connect`.
 * @param {boolean | object} given `true`, or Node's options ca, cert, key, servername, rejectUnauthorized
 */
const tlsSettings = (given) => {
  const options = readOptions(given === true ? {} : given, KNOWN, 'tls.')
  const byDefault = process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0'
  return {
    ca: options.ca ?? trusted(),
    cert: options.cert,
    key: options.key,
    servername: options.servername,
    rejectUnauthorized: options.rejectUnauthorized ?? byDefault
  }
}

/**
 * The same for a client's options, which hold much else; a chain or key in an array counts as one
 * text.
 */
const clientTls = (given) => {
  const options = {}
  for (const name of given === true ? [] : Object.keys(KNOWN)) {
    const value = given[name] ?? undefined
    const isPart = Array.isArray(value) && name !== 'ca'
    options[name] = isPart ? value.map(pemText).join('\n') : value
  }
  return tlsSettings(options)
}

module.exports = { clientTls, tlsSettings }
