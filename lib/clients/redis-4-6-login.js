/** How clients of the npm package redis, version 4 and newer, log in. */

const { NativePromise } = require('../shared/globals')
const { login } = require('../settings/login')

/** From version 5 on, a provider goes before the user and password beside it. */
const provider = (client, { credentialsProvider }) =>
  '_self' in client ? credentialsProvider : undefined

/** Why a provider's logins cannot be taken over, as text. */
const foreignProvider = (client, options) => {
  const given = provider(client, options)
  return given && given.type !== 'async-credentials-provider'
    ? 'a credentials provider that streams'
    : undefined
}

/** Whether HELLO logs the client in: always from version 6 on, unless it is told to speak RESP 2. */
const saysHello = (client, { RESP }) => {
  if (!('_self' in client)) return false
  return '_keyPrefix' in client ? RESP !== 2 : Boolean(RESP)
}

/** With HELLO, a user without a password does not log in. */
const loginOf = (client, options, credentials = options) =>
  login(!credentials.password && saysHello(client, options) ? {} : credentials)

/** A promise of the login that the provider in `options` gives, `undefined` without one. */
const askedLogin = (client, options) => {
  const given = provider(client, options)
  if (!given) return undefined
  const answer = NativePromise.resolve().then(() => given.credentials())
  return answer.then((credentials) => loginOf(client, options, credentials))
}

module.exports = { askedLogin, foreignProvider, loginOf }
