import createKeyStore, { KeyStoreError, RedisKeyStore } from '../../index.js'

const keyStore = createKeyStore('redis://localhost')
export const saved: Promise<boolean> = keyStore.saveIds('i', 1, 2)
export const kinds = [KeyStoreError, RedisKeyStore]
