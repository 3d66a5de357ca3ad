/**
 * Makes a store of botmatic/external id pairs in Redis.
 *
 * @param client a client of redis, ioredis, iovalkey or valkey-glide, a mock or stub, a URL, or where
 *   the server is
 * @param options see {@link keyStore.Options}
 * @throws {TypeError} when `client` is none of these or an option is wrong or unknown; the message
 *   names it
 */
declare function keyStore(
  client: keyStore.Client | string | keyStore.Address,
  options: keyStore.Options & { strict: true }
): keyStore.StrictKeyStore
declare function keyStore(
  client: keyStore.Client | string | keyStore.Address,
  options?: keyStore.Options
): keyStore.KeyStore

declare namespace keyStore {
  /**
   * A live client of redis 2 to 6, ioredis 4 to 6, iovalkey or valkey-glide 2: its server, login,
   * database, prefix and TLS are taken from it, and the store makes a connection of its own with
   * them. Any other object with these commands, by callback or by promise, is served through them;
   * `deleteAllIds` needs `scan` or `keys` too. A client that is closed closes the store.
   */
  interface Client {
    get(...args: never[]): unknown
    set(...args: never[]): unknown
    del(...args: never[]): unknown
  }

  /** Where the server is: a URL, or its parts. What stands beside `url` goes before what is in it. */
  interface Address {
    /** `redis://[user:password@]host[:port][/db]`, `rediss://…`, or `unix://[user:password@]/path[?db=n]`. */
    url?: string
    /** Name or address; 127.0.0.1 by default. */
    host?: string
    /** 6379 by default. */
    port?: number | string
    /** Path of a Unix socket, instead of `host` and `port`. */
    path?: string
    /** ACL user. */
    username?: string
    password?: string
    /** 0 by default. A server without this database fails every call. */
    db?: number | string
    /** TLS: `true`, or Node's options for it. */
    tls?: boolean | Tls
    /** Stands before every key. */
    keyPrefix?: string
  }

  /** As in Node's `tls.connect`; certificates and key in PEM. */
  interface Tls {
    /** Trusted certificates; those of Node and of NODE_EXTRA_CA_CERTS by default. */
    ca?: string | Buffer | Array<string | Buffer>
    cert?: string | Buffer
    key?: string | Buffer
    /** The name that the certificate must bear; the host by default. */
    servername?: string
    /** `true` by default, unless NODE_TLS_REJECT_UNAUTHORIZED is 0. */
    rejectUnauthorized?: boolean
  }

  interface Options {
    /** Reject failed calls with a {@link KeyStoreError} instead of resolving them to `false` or `undefined`. */
    strict?: boolean
    /** Called once for each failed call. What it throws or rejects with goes to the debug log. */
    onError?: (error: KeyStoreError) => unknown
    /** Deadline of a lookup in ms, waiting for a connection included; 10000 by default. */
    readTimeout?: number
    /**
     * Deadline of a save or delete in ms; one hour by default, or the `connect_timeout` of a
     * client of redis 2 or 3.
     */
    writeTimeout?: number
    /** A connection that owes an answer and brings nothing for this long, in ms, is replaced; 5000 by default. */
    responseTimeout?: number
    /** How long one attempt to connect and log in may take in ms; 5000 by default. */
    connectTimeout?: number
    /** Stands before every key, in place of the client's own prefix. */
    keyPrefix?: string
    /** How many calls of the store may wait; one more fails at once. 2000000 by default. */
    maxPending?: number
  }

  /**
   * A botmatic or external id: anything with a text of its own, as a template literal has it, such as
   * an ObjectId. `undefined`, `null`, `''`, `NaN`, arrays, functions, promises (a forgotten `await`)
   * and objects whose text is `[object …]` are none: see the code `NOID`.
   */
  type Id<T extends object = object> = string | number | bigint | boolean | WithText<T>

  /** An object with a `toString` of its own that is no array, function or promise. */
  type WithText<T extends object> = T extends
    | readonly unknown[]
    | PromiseLike<unknown>
    | { apply: unknown; bind: unknown }
    ? never
    : 'toString' extends keyof T
      ? T
      : never

  interface Methods<Found> {
    /** `true` once both halves of the pair are stored, in one step. */
    saveIds<B extends object, E extends object>(
      integrationId: unknown,
      botmaticId: Id<B>,
      extId: Id<E>
    ): Promise<boolean>
    /** The botmatic id of an external id; `null` when there is none. */
    getBotmaticId<E extends object>(integrationId: unknown, extId: Id<E>): Promise<Found>
    /** The external id of a botmatic id; `null` when there is none. */
    getExtId<B extends object>(integrationId: unknown, botmaticId: Id<B>): Promise<Found>
    /** `true` when both halves were there and are gone; when one was missing, the other goes too. */
    deleteIds<B extends object, E extends object>(
      integrationId: unknown,
      botmaticId: Id<B>,
      extId: Id<E>
    ): Promise<boolean>
    /** `true` when all pairs that the integration had are gone, also when it had none. */
    deleteAllIds(integrationId: unknown): Promise<boolean>
    /**
     * Closes the client, and the store once the calls already made have completed. Resolves to what
     * the client's own `quit()` gives, or rejects as it does. Without a client, to whether the store
     * was still open.
     */
    quit(): Promise<unknown>
    /**
     * Whether the store has a connection of its own, or else uses the client's commands. Not
     * enumerable.
     */
    readonly native: boolean
    /** What the store did so far. Not enumerable. */
    stats(): Stats
  }

  interface Stats {
    /** Calls made. */
    calls: number
    /** How many of them failed, by code. */
    failures: Partial<Record<ErrorCode, number>>
    /** How many of them have not settled. */
    pending: number
    /** How often the connection was made anew; the stores of one client share it. */
    reconnects: number
    /** What went over the connection, in bytes. */
    bytes: { sent: number; received: number }
  }

  /** A message of the diagnostics channel `js-redis-key-store:call`, once for each settled call. */
  interface CallMessage {
    operation: Operation
    /** The first four characters of the integration id. */
    integration: string
    milliseconds: number
    /** What the call resolved to, `'found'` and `'missing'` for lookups; or why it failed. */
    outcome: 'true' | 'false' | 'found' | 'missing' | ErrorCode
    /** How many times the call was sent; 0 when it never was. */
    attempts: number
  }

  /** A message of the diagnostics channel `js-redis-key-store:connection`. */
  interface ConnectionMessage {
    state: 'connecting' | 'ready' | 'failed' | 'lost'
    server: string
    /** Why it failed or was lost. */
    reason: string | undefined
  }

  type Operation = 'saveIds' | 'getBotmaticId' | 'getExtId' | 'deleteIds' | 'deleteAllIds'

  /** Failed lookups resolve to `undefined`, everything else that fails to `false`. */
  interface KeyStore extends Methods<string | null | undefined> {}

  /** What fails rejects with a {@link KeyStoreError}. */
  interface StrictKeyStore extends Methods<string | null> {}

  /** The store as a class, with the factory's arguments; its methods work detached too. */
  class RedisKeyStore implements KeyStore {
    constructor(client: Client | string | Address, options?: Options)
    saveIds<B extends object, E extends object>(
      integrationId: unknown,
      botmaticId: Id<B>,
      extId: Id<E>
    ): Promise<boolean>
    getBotmaticId<E extends object>(
      integrationId: unknown,
      extId: Id<E>
    ): Promise<string | null | undefined>
    getExtId<B extends object>(
      integrationId: unknown,
      botmaticId: Id<B>
    ): Promise<string | null | undefined>
    deleteIds<B extends object, E extends object>(
      integrationId: unknown,
      botmaticId: Id<B>,
      extId: Id<E>
    ): Promise<boolean>
    deleteAllIds(integrationId: unknown): Promise<boolean>
    quit(): Promise<unknown>
    get native(): boolean
    stats(): Stats
  }

  /** Why a call failed; its message says on which server, and what to do. */
  class KeyStoreError extends Error {
    name: 'KeyStoreError'
    code: ErrorCode
    /** The method that failed. */
    operation: Operation
    /** The first four characters of the integration id. */
    integration: string
  }

  type ErrorCode =
    /** The store or its client was closed. */
    | 'CLOSED'
    /** `maxPending` calls wait already. */
    | 'BUSY'
    /** Connected, but no answer by the deadline. */
    | 'TIMEOUT'
    /**
     * No connection by the deadline, or to a server that was not ready; or a client whose settings
     * cannot be used any more.
     */
    | 'UNREACHABLE'
    /** No TLS connection by the deadline. */
    | 'TLS'
    /** By the deadline, nothing answered as Redis does. */
    | 'PROTOCOL'
    /** The login was refused, or one is needed, or the client's credentials provider failed. */
    | 'AUTH'
    /** The server has no such database. */
    | 'DATABASE'
    /** The user may not run the command or touch the key. */
    | 'NOPERM'
    /** The key holds something else than a string. */
    | 'WRONGTYPE'
    /** The server is a replica and was not promoted by the deadline. */
    | 'READONLY'
    /** The server is out of memory. */
    | 'OOM'
    /** Any other error reply, or a connection that the server closes each time on this call. */
    | 'REPLY'
    /**
     * What was given as an id is none. Without `strict`, saves and deletes resolve to `false` and
     * lookups to `null`; nothing is written or deleted.
     */
    | 'NOID'
    /** A fault of this module. */
    | 'INTERNAL'
}

export = keyStore
