/** Everything that may be left out may be `undefined` too, also where the compiler tells these apart. */

import createKeyStore from '../..'

export const store = createKeyStore(
  {
    url: undefined,
    host: 'h',
    port: undefined,
    path: undefined,
    username: undefined,
    password: undefined,
    db: undefined,
    tls: undefined,
    keyPrefix: undefined
  },
  {
    strict: undefined,
    onError: undefined,
    readTimeout: undefined,
    writeTimeout: undefined,
    responseTimeout: undefined,
    connectTimeout: undefined,
    keyPrefix: undefined,
    maxPending: undefined
  }
)

export const others = [
  createKeyStore({ path: '/run/redis.sock', url: undefined, host: undefined, tls: undefined }),
  createKeyStore({
    host: 'h',
    tls: {
      ca: undefined,
      cert: undefined,
      key: undefined,
      servername: undefined,
      rejectUnauthorized: undefined
    }
  })
]
