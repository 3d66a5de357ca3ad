/** When a lookup may be `undefined`: where the compiler tells `null` and `undefined` apart. */

import createKeyStore, { RedisKeyStore } from '../..'

/** What the type of a store says of its lookups. */
declare function kind<Store extends createKeyStore.KeyStore>(
  store: Store
): undefined extends Awaited<ReturnType<Store['getExtId']>> ? 'quiet' : 'strict'

const URL = 'redis://localhost'
const widened = { strict: true, readTimeout: 1 }
const annotated: createKeyStore.Options = { strict: true }

export const strict: 'strict'[] = [
  kind(createKeyStore(URL, { strict: true })),
  kind(createKeyStore({ host: 'h', port: 1 }, { strict: true, onError: () => {} })),
  kind(createKeyStore(URL, { strict: true } as const)),
  kind(createKeyStore(URL, widened)),
  kind(new RedisKeyStore(URL, { strict: true })),
  kind(new RedisKeyStore({ url: URL }, widened)),
  kind(new createKeyStore.RedisKeyStore(URL, { strict: true, keyPrefix: 'p:' }))
]

export const quiet: 'quiet'[] = [
  kind(createKeyStore(URL)),
  kind(createKeyStore(URL, {})),
  kind(createKeyStore(URL, { onError: () => {} })),
  kind(createKeyStore(URL, { strict: false })),
  kind(createKeyStore(URL, { strict: undefined })),
  kind(createKeyStore(URL, annotated)),
  kind(new RedisKeyStore(URL)),
  kind(new RedisKeyStore(URL, { readTimeout: 1 })),
  kind(new RedisKeyStore(URL, { strict: false })),
  kind(new RedisKeyStore(URL, annotated))
]

export const strictStore: createKeyStore.StrictKeyStore = new RedisKeyStore(URL, { strict: true })
export const quietStore: createKeyStore.KeyStore = strictStore
// @ts-expect-error its lookups may be undefined
export const notStrict: createKeyStore.StrictKeyStore = createKeyStore(URL, annotated)

export function missing(url: string | undefined): void {
  // @ts-expect-error an address may be missing
  createKeyStore(url)
  createKeyStore({ url: 'redis://h', host: undefined, port: undefined, path: undefined })
  createKeyStore({ url: url ?? 'redis://localhost' })
}
