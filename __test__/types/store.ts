import { GlideClient } from '@valkey/valkey-glide'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Redis6 } from 'ioredis6'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient5, createClientPool, createCluster } from 'redis5'
import { createClient as createClient6 } from 'redis6'

import createKeyStore = require('../..')

const { KeyStoreError, RedisKeyStore } = createKeyStore

export async function quiet(): Promise<void> {
  const keyStore = createKeyStore('redis://localhost', { onError: (error) => error.code })
  const found: string | null | undefined = await keyStore.getExtId('i', 1)
  const saved: boolean = await keyStore.saveIds(undefined, 1n, { toString: () => 'x' })
  // @ts-expect-error a failed lookup is undefined
  const strict: string | null = await keyStore.getBotmaticId('i', 'x')
  // @ts-expect-error a symbol has no text
  await keyStore.saveIds('i', Symbol('x'), 1)
  // @ts-expect-error a pair has two ids
  await keyStore.deleteIds('i', 1)
  const { failures, bytes } = keyStore.stats()
  const numbers: (number | undefined)[] = [failures.OOM, bytes.sent]
  // @ts-expect-error no such code
  failures.NOPE
  const { deleteAllIds, quit } = keyStore
  await deleteAllIds('i')
  await quit()
  void [found, saved, strict, numbers]
}

export async function strict(): Promise<void> {
  const keyStore = createKeyStore({ host: 'h', port: 1, tls: { ca: 'pem' } }, { strict: true })
  const found: string | null = await keyStore.getExtId('i', 1)
  void found
}

export async function clients(): Promise<boolean> {
  const client = createClient5()
  const stores = [
    createKeyStore(createClient4()),
    createKeyStore(client),
    createKeyStore(client.legacy()),
    createKeyStore(createClientPool()),
    createKeyStore(createCluster({ rootNodes: [{}] })),
    createKeyStore(createClient6()),
    createKeyStore(new Redis5()),
    createKeyStore(new Redis6()),
    createKeyStore(await GlideClient.createClient({ addresses: [{ host: 'h' }] })),
    createKeyStore({ get: async () => 'x', set: (_key: string, _value: string) => {}, del() {} })
  ]
  // @ts-expect-error an object without commands is no client
  createKeyStore({ quit: () => {} })
  return stores.every((store) => store.native)
}

export function codes(error: unknown): boolean {
  if (!(error instanceof KeyStoreError)) return false
  // @ts-expect-error no such code
  if (error.code === 'NOPE') return false
  return error.code === 'CLOSED' && error.operation === 'saveIds'
}

export function told(call: createKeyStore.CallMessage): boolean {
  // @ts-expect-error no such outcome
  if (call.outcome === 'nope') return false
  return call.outcome === 'found' || call.outcome === 'READONLY'
}

export const store: createKeyStore.KeyStore = new RedisKeyStore({ url: 'redis://localhost' })

// @ts-expect-error no such option
createKeyStore('redis://localhost', { timeout: 1 })
// @ts-expect-error milliseconds are a number
createKeyStore('redis://localhost', { readTimeout: '1s' })
// @ts-expect-error a client or an address is needed
createKeyStore()
// @ts-expect-error a number is neither
createKeyStore(6379)
