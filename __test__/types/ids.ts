import createKeyStore = require('../..')

/** As a database driver has them. */
class ObjectId {
  declare readonly id: Uint8Array
  toString(encoding?: 'hex'): string {
    return encoding ?? ''
  }
}

interface Contact {
  id: number
}

type Branded = string & { readonly brand: 'external' }

declare const contact: Contact
declare const branded: Branded
// biome-ignore lint/complexity/noBannedTypes: it is what is tested
declare const someFunction: Function
declare const either: string | ObjectId
// biome-ignore lint/suspicious/noExplicitAny: what has no type is let through
declare const anything: any
declare const found: string | null | undefined

const store = createKeyStore('redis://localhost')
const strict = createKeyStore('redis://localhost', { strict: true })

export async function ids(): Promise<void> {
  await store.saveIds('i', 1, 'x')
  await store.saveIds('i', 10n, true)
  await store.saveIds('i', new ObjectId(), new Date(0))
  await store.saveIds('i', new URL('https://h'), Buffer.from('x'))
  await store.saveIds('i', branded, either)
  await store.saveIds('i', anything, { toString: () => 'x' })
  await store.saveIds(undefined, 1, { id: 5, toString: () => '5' })
  await store.getExtId({}, new ObjectId())
  await strict.getBotmaticId(null, either)
  await store.deleteIds([], branded, new ObjectId())
  if (found) await store.deleteIds('i', found, found)
}

/** Of a type that is not known yet. */
export const generic = <T extends string, O extends ObjectId>(text: T, object: O): unknown => [
  store.saveIds('i', text, text),
  store.getExtId('i', object.toString())
]

/** In place of a store, in tests: what the original has will do. */
export const double: createKeyStore.Methods<string | null | undefined> = {
  saveIds: async (_i, b, e) => `${b}` !== `${e}`,
  getBotmaticId: async () => '1',
  getExtId: async () => undefined,
  deleteIds: async () => true,
  deleteAllIds: async () => true,
  quit: async () => true,
  native: false,
  stats: () => store.stats()
}

export async function noIds(): Promise<void> {
  // @ts-expect-error null is no id
  await store.saveIds('i', null, 'x')
  // @ts-expect-error nor is undefined
  await store.saveIds('i', 1, undefined)
  // @ts-expect-error nor what a lookup may have missed
  await store.deleteIds('i', 1, await store.getExtId('i', 1))
  // @ts-expect-error nor is an array
  await store.saveIds('i', ['a'], 'x')
  // @ts-expect-error of any kind
  await store.getExtId('i', [1] as const)
  // @ts-expect-error nor a function
  await store.getExtId('i', () => 'x')
  // @ts-expect-error whatever kind of function
  await store.getExtId('i', someFunction)
  // @ts-expect-error nor a class
  await store.getExtId('i', ObjectId)
  // @ts-expect-error nor an object whose text is [object Object]
  await store.getBotmaticId('i', { id: 5 })
  // @ts-expect-error also an empty one
  await store.getBotmaticId('i', {})
  // @ts-expect-error also one with a type of its own
  await store.deleteIds('i', contact, 1)
  // @ts-expect-error nor [object Map]
  await strict.saveIds('i', 1, new Map())
  // @ts-expect-error nor a promise: an await is missing
  await strict.saveIds('i', 1, Promise.resolve('x'))
  // @ts-expect-error also one that an id of its own may come of
  await strict.getExtId('i', store.getExtId('i', 1))
  // @ts-expect-error nor a symbol
  await store.saveIds('i', Symbol('x'), 1)
}

const { RedisKeyStore } = createKeyStore
// @ts-expect-error the class refuses the same
void new RedisKeyStore('redis://localhost').saveIds('i', null, 1)
