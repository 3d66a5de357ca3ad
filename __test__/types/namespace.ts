/** As a whole, which has the factory as its `default`. */

import * as keyStores from '../..'

const store: keyStores.KeyStore = keyStores.default('redis://localhost')
export const saved: Promise<boolean> = store.saveIds('i', 1, 2)
export const kinds = [keyStores.KeyStoreError, keyStores.RedisKeyStore]
