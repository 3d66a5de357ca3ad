/** As CommonJS imports it, whatever the compiler is set to. */

import createKeyStore = require('../..')

const { KeyStoreError, RedisKeyStore } = createKeyStore
const keyStore = createKeyStore('redis://localhost')
export const saved: Promise<boolean> = keyStore.saveIds('i', 1, 2)
export const kinds = [KeyStoreError, RedisKeyStore]
