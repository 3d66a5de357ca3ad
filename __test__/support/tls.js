const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/**
 * Makes a certificate authority and certificates signed by it, with openssl, in a directory of
 * their own: `server` for localhost and 127.0.0.1, `client` for mutual TLS, and a `stranger`
 * authority that signed nothing.
 */
const makeCertificates = () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-tls-'))
  const file = (name) => path.join(directory, name)
  const openssl = (...args) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const key = (name) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`]
  for (const name of ['ca', 'stranger']) {
    openssl(
      'req',
      '-x509',
      ...key(name),
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`
    )
  }
  fs.writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  for (const name of ['server', 'client']) {
    openssl('req', ...key(name), '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    const request = ['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`]
    openssl(...request, ...signed, '-extfile', 'names')
  }
  return {
    file,
    read: (name) => fs.readFileSync(file(name), 'utf8'),
    remove: () => fs.rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * What gives a server a TLS port, as name and value in turn.
 * @param {ReturnType<typeof makeCertificates>} certificates
 * @param {number} port
 * @param {'yes' | 'no' | 'optional'} clients whether clients must bear certificates
 */
const tlsConfiguration = (certificates, port, clients) =>
  Object.entries({
    'tls-cert-file': certificates.file('server.crt'),
    'tls-key-file': certificates.file('server.key'),
    'tls-ca-cert-file': certificates.file('ca.crt'),
    'tls-auth-clients': clients,
    'tls-port': port
  }).flat()

module.exports = { makeCertificates, tlsConfiguration }
