/** Every client, with the types of its own package. */

import { GlideClient } from '@valkey/valkey-glide'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Redis6 } from 'ioredis6'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient5, createClientPool, createCluster } from 'redis5'
import { createClient as createClient6 } from 'redis6'
import createKeyStore from '../..'

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
    new createKeyStore.RedisKeyStore(new Redis6(), { strict: true })
  ]
  return stores.every((store) => store.native)
}

/** What Node itself has. */
export const own = [
  createKeyStore(new URL('redis://h')),
  createKeyStore({ url: new URL('redis://h') }),
  createKeyStore({ host: 'h', tls: { ca: [Buffer.from('pem'), 'pem'], key: Buffer.from('pem') } })
]
