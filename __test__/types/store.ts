/** What holds with every setting of the compiler, and without the types of Node. */

import createKeyStore, { KeyStoreError, RedisKeyStore } from '../..'

export async function methods(): Promise<void> {
  const keyStore = createKeyStore('redis://localhost', { onError: (error) => error.code })
  const saved: boolean = await keyStore.saveIds(undefined, 1n, { toString: () => 'x' })
  // @ts-expect-error a pair has two ids
  await keyStore.deleteIds('i', 1)
  const { failures, bytes } = keyStore.stats()
  const numbers: (number | undefined)[] = [failures.OOM, bytes.sent]
  // @ts-expect-error no such code
  failures.NOPE
  const { deleteAllIds, quit } = keyStore
  await deleteAllIds('i')
  await quit()
  void [saved, numbers]
}

/** What a store can be made from. */
export function given(host: string, port?: number): createKeyStore.KeyStore[] {
  const widened = { host, port, tls: { ca: 'pem' } }
  const address: createKeyStore.Address = { url: host, password: 'x' }
  return [
    createKeyStore(host),
    createKeyStore(`redis://${host}`),
    createKeyStore(`${host}://localhost`),
    createKeyStore(`${host}/0`),
    createKeyStore('REDISS://localhost'),
    createKeyStore('unix:///run/redis.sock'),
    createKeyStore(widened),
    createKeyStore(address),
    createKeyStore({ url: 'redis://localhost', db: '2' }),
    createKeyStore({ url: host, username: 'u' }),
    createKeyStore({ port: '6380' }),
    createKeyStore({ path: '/run/redis.sock', host, port: 1 }),
    createKeyStore({ host, tls: { ca: ['pem', new Uint8Array(1)] } }),
    createKeyStore({
      get: async () => 'x',
      set: (_key: string, _value: string) => {},
      del() {}
    })
  ]
}

export function refused(): void {
  // @ts-expect-error a client or an address is needed
  createKeyStore()
  // @ts-expect-error a number is neither
  createKeyStore(6379)
  // @ts-expect-error an object without commands is no client
  createKeyStore({ quit: () => {} })
  // @ts-expect-error nor is an empty one
  createKeyStore({})
  // @ts-expect-error a user is no place
  createKeyStore({ username: 'user' })
  // @ts-expect-error nor are a password, a database and a prefix
  createKeyStore({ password: 'secret', db: 1, keyPrefix: 'p:' })
  // @ts-expect-error no scheme of Redis
  createKeyStore('http://localhost')
  // @ts-expect-error none at all
  createKeyStore('localhost:6379')
  // @ts-expect-error nothing
  createKeyStore('')
  // @ts-expect-error no scheme of Redis
  createKeyStore({ url: 'https://localhost', password: 'secret' })
  // @ts-expect-error no scheme of Redis
  createKeyStore('http://localhost', { strict: true })
  // @ts-expect-error no scheme of Redis
  new RedisKeyStore('http://localhost')
  // @ts-expect-error nor with options
  new RedisKeyStore('http://localhost', { strict: true })
  // @ts-expect-error a class is made by new
  RedisKeyStore('redis://localhost')
  // @ts-expect-error a URL names the place
  createKeyStore({ url: 'redis://localhost', path: '/run/redis.sock' })
  // @ts-expect-error no TLS over a Unix socket
  createKeyStore({ path: '/run/redis.sock', tls: true })
  // @ts-expect-error no such part of an address
  createKeyStore({ host: 'h', database: 1 })
  // @ts-expect-error no such option of TLS
  createKeyStore({ host: 'h', tls: { pfx: 'x' } })
  // @ts-expect-error no such option
  createKeyStore('redis://localhost', { timeout: 1 })
  // @ts-expect-error no such option, beside one that there is
  createKeyStore('redis://localhost', { strict: true, timeout: 1 })
  // @ts-expect-error milliseconds are a number
  createKeyStore('redis://localhost', { readTimeout: '1s' })
  // @ts-expect-error true or false
  createKeyStore('redis://localhost', { strict: 'yes' })
}

export function addresses(): void {
  const nodes = ['h:1', { host: 'h', port: '1' }, { host: 'h' }] as const
  createKeyStore('redis-cluster://h', { strict: true })
  createKeyStore({ url: 'valkeys-cluster://h', natMap: { 'h:1': { host: 'k', port: 2 } } })
  createKeyStore({ sentinel: { nodes, name: 'main', password: 'p', tls: false }, db: 2, tls: true })
  createKeyStore({ cluster: { nodes }, username: 'u' })
  // @ts-expect-error a sentinel watches a master
  createKeyStore({ sentinel: { nodes } })
  // @ts-expect-error a cluster has nodes
  createKeyStore({ cluster: {} })
  // @ts-expect-error a cluster is one place, a host another
  createKeyStore({ cluster: { nodes }, host: 'h' })
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

/** The class can be derived from. */
export class Contacts extends RedisKeyStore {
  async extId(id: number): Promise<string | null | undefined> {
    return await this.getExtId('contacts', id)
  }
}

export class StrictContacts extends RedisKeyStore<true> {
  constructor() {
    super('redis://localhost', { strict: true })
  }

  async extId(id: number): Promise<string | null> {
    return await this.getExtId('contacts', id)
  }
}

/** A wrapper takes what the factory takes. */
export const wrapped = (
  client: createKeyStore.Given,
  options?: createKeyStore.Options
): createKeyStore.KeyStore => createKeyStore(client, options)

/** Many at once: what a quiet store may not know is `undefined`, what a strict one gives is not. */
export const many = async (
  quiet: createKeyStore.KeyStore,
  strict: createKeyStore.StrictKeyStore,
  source: AsyncIterable<[number, string]>
) => {
  const { saved, failed }: createKeyStore.Saved = await quiet.saveAllIds('i', source)
  const codes: createKeyStore.ErrorCode[] = failed.map(({ code }) => code)
  const found: Array<string | null> = await strict.getExtIds('i', new Set([1, 2n, 'x']))
  const known: Array<string | null | undefined> = await quiet.getBotmaticIds('i', ['x'])
  const gone: boolean[] = await quiet.deleteManyIds('i', [[1, 'x']] as const)
  return [saved, codes, found, known, gone]
}

export const walk = async (
  store: createKeyStore.KeyStore,
  signal: createKeyStore.BulkOptions['signal']
) => {
  for await (const [botmaticId, externalId] of store.pairs('i', { signal })) {
    if (botmaticId.length > externalId.length) break
  }
  const check = store.verifyIds('i', { repair: true, onProgress: ({ done }) => done })
  for await (const finding of check) {
    if (finding.problem === 'missing') finding.isRepaired satisfies boolean
    else finding.found satisfies string
  }
  const { pairs, ambiguous } = await check
  const all: number[] = [pairs, ambiguous, await store.countIds('i')]
  for await (const { integrationId, pairs: count } of store.integrations()) {
    all.push(integrationId.length, count)
  }
  await store.ready()
  // @ts-expect-error: no such option.
  await store.countIds('i', { repair: true })
  return all
}
