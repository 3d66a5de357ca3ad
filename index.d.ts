/**
 * Makes a store of botmatic/external id pairs: in Redis, in a file, or in memory.
 *
 * @param client a client of redis, ioredis, iovalkey or valkey-glide, a mock or stub, a URL of a server,
 *   a file or memory, or where the server is; see {@link keyStore.Given}
 * @param options see {@link keyStore.Options}
 * @throws {TypeError} when `client` is none of these or an option is wrong or unknown; the message
 *   names it
 * @example
 * const keyStore = createKeyStore('redis://localhost:6379', { onError: console.error })
 * await keyStore.saveIds('my-integration', 123, 'crm-7') // true
 * await keyStore.getExtId('my-integration', 123) // 'crm-7'
 * await keyStore.quit()
 */
declare function keyStore<Strict extends boolean, Url extends string = string>(
  client: keyStore.Given<Url>,
  options: keyStore.Options & { strict: Strict }
): keyStore.RedisKeyStore<Strict>
declare function keyStore<Url extends string = string>(
  client: keyStore.Given<Url>,
  options?: keyStore.Options
): keyStore.KeyStore

declare namespace keyStore {
  export { keyStore as default }

  /** What a store is made from; a literal URL of a scheme that is not known is refused. */
  export type Given<Url extends string = string> =
    | Client
    | UrlObject
    | StoreUrl<Url>
    | (Address & { url?: StoreUrl<Url> | UrlObject | undefined })

  /**
   * A live client of redis 2 to 6, ioredis 4 to 6, iovalkey or valkey-glide 2: its server, login,
   * database, prefix and TLS are taken from it, and the store makes a connection of its own with
   * them. Any other object with these commands, by callback or by promise, is served through them;
   * `deleteAllIds` needs `scan` or `keys` too. A client that is closed closes the store.
   *
   * @example
   * const client = redis.createClient()
   * client.on('error', console.error)
   * const keyStore = createKeyStore(client)
   */
  export interface Client {
    get(...args: never[]): unknown
    set(...args: never[]): unknown
    del(...args: never[]): unknown
  }

  /** What a `URL` object of any runtime is. */
  interface UrlObject {
    readonly href: string
    readonly protocol: string
    readonly hostname: string
    readonly searchParams: object
  }

  type Scheme =
    | `${'redis' | 'valkey'}${'' | 's'}${'' | '-sentinel' | '-cluster'}`
    | 'unix'
    | 'file'
    | 'memory'

  type SchemeOf<Url extends string> = Url extends `${infer Before}:${string}` ? Before : Url

  /** A text; none whose scheme is known when it is compiled and is no {@link Scheme}. */
  type StoreUrl<Url extends string> = Url &
    // Only what is wholly known is a name that a record must have.
    (Record<never, never> extends Record<SchemeOf<Url>, 1>
      ? string
      : Lowercase<SchemeOf<Url>> extends Scheme
        ? string
        : never)

  /**
   * Where the server is: a URL, or its parts, of which one of `host`, `port`, `path`, `sentinel` and
   * `cluster` must be there. What stands beside `url` goes before what is in it. An instance of a
   * class will do as well: the members that it inherits count, its methods do not.
   *
   * @example
   * createKeyStore({ url: 'redis://localhost:6379', password: 'secret' })
   * createKeyStore({ host: 'redis.example.com', port: 6380, tls: true })
   * createKeyStore({ path: '/run/redis.sock', db: 2 })
   * createKeyStore({ sentinel: { nodes: ['s1:26379', 's2:26379'], name: 'main' }, db: 2 })
   * createKeyStore({ cluster: { nodes: [{ host: 'n1', port: 6379 }] } })
   */
  export type Address = Parts &
    (
      | ({ url: string | UrlObject } & NoPlace & NoTopology)
      | (Place & NoTopology)
      | (Topology & NoPlace)
    )

  /** A place that is not told by a URL. */
  type Place =
    | { url?: undefined; path: string; tls?: false | undefined }
    | { url?: undefined; port: number | string }
    | { url?: undefined; host: string }

  /** A place that others are to tell. */
  type Topology =
    | { url?: undefined; sentinel: Sentinel; cluster?: undefined }
    | { url?: undefined; cluster: Cluster; sentinel?: undefined }

  type NoPlace = { host?: undefined; port?: undefined; path?: undefined }

  type NoTopology = { sentinel?: undefined; cluster?: undefined }

  /** The parts of an {@link Address}. */
  interface Parts {
    /**
     * `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS;
     * `unix://[user:password@]/path[?db=n]`;
     * `redis-sentinel://[user:password@]host[:port][/db]?sentinelServiceName=name`, and for more
     * sentinels and a login of their own `&node=host:port&sentinelUsername=…&sentinelPassword=…`;
     * `redis-cluster://[user:password@]host[:port]`, and for more nodes `?node=host:port&node=…`;
     * `rediss-sentinel://…` and `rediss-cluster://…` for TLS. `valkey` may stand for `redis`.
     *
     * Without a server: `file:` and a path as it is, `file:./ids.redb`, or a file URL,
     * `file:///folder/ids.redb`; `memory:` keeps pairs as long as the store is open. Of the other parts
     * only `keyPrefix` may stand beside these.
     */
    url?: string | UrlObject | undefined
    /** Name or address of the server; `127.0.0.1` by default. */
    host?: string | undefined
    /** TCP port; 6379 by default. */
    port?: number | string | undefined
    /** Path of a Unix socket, instead of `host` and `port`; none by default. */
    path?: string | undefined
    /** The sentinels that know the master, instead of `host` and `port`; none by default. */
    sentinel?: Sentinel | undefined
    /** A cluster, instead of `host` and `port`; none by default. */
    cluster?: Cluster | undefined
    /**
     * Where servers are reached that sentinels or nodes of a cluster name by a `host:port` at which
     * they cannot be; empty by default.
     */
    natMap?: { readonly [address: string]: Node } | undefined
    /** ACL user; the server's `default` user by default. */
    username?: string | undefined
    /** None by default. */
    password?: string | undefined
    /**
     * Number of the database; 0 by default. A server that does not have it fails every call, as most
     * clusters do that are given another than 0.
     */
    db?: number | string | undefined
    /** TLS: `true`, or Node's options for it; `false` by default. */
    tls?: boolean | Tls | undefined
    /** Stands before every key; empty by default. */
    keyPrefix?: string | undefined
  }

  export interface Sentinel {
    /** Sentinels, asked in this order; their port is 26379 by default. */
    nodes: ReadonlyArray<Node | string>
    /** The name that they know the master by. */
    name: string
    /** ACL user at the sentinels; that at the master stands beside `sentinel`. None by default. */
    username?: string | undefined
    /** Password at the sentinels; none by default. */
    password?: string | undefined
    /** TLS to the sentinels; as to the master by default. */
    tls?: boolean | Tls | undefined
  }

  export interface Cluster {
    /** Nodes to begin with, which know the others; their port is 6379 by default. */
    nodes: ReadonlyArray<Node | string>
  }

  /** One server. As text it is `host`, `host:port` or `[IPv6 address]:port`. */
  export interface Node {
    host: string
    port?: number | string | undefined
  }

  /** A text or bytes (a Buffer say) in PEM. */
  type Pem = string | Uint8Array

  /** As in Node's `tls.connect`; certificates and key in PEM. */
  export interface Tls {
    /** Trusted certificates; those of Node and of NODE_EXTRA_CA_CERTS by default. */
    ca?: Pem | readonly Pem[] | undefined
    /** The client's own certificate, with its chain; none by default. */
    cert?: Pem | undefined
    /** The key of `cert`; none by default. */
    key?: Pem | undefined
    /** The name that the server's certificate must bear; the host by default. */
    servername?: string | undefined
    /** Whether the certificate must be valid; `true` by default, unless NODE_TLS_REJECT_UNAUTHORIZED is 0. */
    rejectUnauthorized?: boolean | undefined
  }

  /** How the store behaves. All may be left out. */
  export interface Options {
    /**
     * Reject failed calls with a {@link KeyStoreError} instead of resolving them to `false` or
     * `undefined`; `false` by default. The types follow it: lookups are never `undefined` then. A
     * `boolean` that is only known at run time counts as `true` there; annotate such options as
     * {@link Options}, and lookups may be `undefined`.
     */
    strict?: boolean | undefined
    /**
     * Called once for each failed call, in its asynchronous context; nobody by default. What it throws
     * or rejects with goes to the debug log.
     */
    onError?: ((error: KeyStoreError) => unknown) | undefined
    /** Deadline of a lookup in milliseconds, waiting for a connection included; 10000 by default. */
    readTimeout?: number | undefined
    /**
     * Deadline of a save or delete in milliseconds, waiting for a connection included; 3600000 (an
     * hour) by default, or the `connect_timeout` of a client of redis 2 or 3. It is long because a
     * save that is lost is lost for good.
     */
    writeTimeout?: number | undefined
    /**
     * A connection that owes an answer and brings nothing for this long, in milliseconds, is replaced;
     * 5000 by default.
     */
    responseTimeout?: number | undefined
    /**
     * How long one attempt to connect and log in may take, in milliseconds, the look-up of the host's
     * name included; 5000 by default.
     */
    connectTimeout?: number | undefined
    /** Stands before every key; the client's own prefix by default, which it replaces. */
    keyPrefix?: string | undefined
    /**
     * How many calls of the store may wait, at about 400 bytes of memory each; one more fails at once
     * with `BUSY`. 2000000 calls by default.
     */
    maxPending?: number | undefined
    /**
     * Of a store in a file only: when a save or a delete is answered; `'immediate'` by default. That is
     * when it is on the disk, so that it survives a power cut. `'eventual'`: when the system has it, so that
     * it survives the end of the process, but what came last may be lost in a power cut; for tests.
     */
    durability?: 'immediate' | 'eventual' | undefined
    /**
     * Of a store in a file only: how much of the file is kept in memory, in MB; 64 by default. Stores of one
     * file share it, as the first of them has set it.
     */
    cacheSize?: number | undefined
  }

  /**
   * A botmatic or external id: anything with a text of its own, as a template literal has it, such as
   * an ObjectId. `undefined`, `null`, `''`, `NaN`, arrays, functions, promises (a forgotten `await`)
   * and objects whose text is `[object …]` are none: see the code `NOID`.
   */
  export type Id<T extends object = object> = string | number | bigint | boolean | WithText<T>

  /** An object with a `toString` of its own that is no array, function or promise. */
  type WithText<T extends object> = T extends
    | readonly unknown[]
    | PromiseLike<unknown>
    | { apply: unknown; bind: unknown }
    ? never
    : 'toString' extends keyof T
      ? T
      : never

  /** What a store can do. All methods work detached: `const { saveIds } = keyStore`. */
  export interface Methods<Found> {
    /**
     * Saves a pair, in one step: both lookups find it from then on, whatever they found before.
     *
     * @param integrationId whose pair it is: js-contact's token, say
     * @param botmaticId the contact's id in botmatic
     * @param extId its id in the external service
     * @returns `true` once both halves are stored; `false` when that failed, or one of the two is no
     *   id and nothing was written. With `strict`, a failure rejects with a {@link KeyStoreError}.
     * @example
     * if (!(await keyStore.saveIds('my-integration', 123, 'crm-7'))) console.error('not saved')
     */
    saveIds<B extends object, E extends object>(
      integrationId: unknown,
      botmaticId: Id<B>,
      extId: Id<E>
    ): Promise<boolean>
    /**
     * Looks up the botmatic id of an external id.
     *
     * @param integrationId whose pair it is
     * @param extId the contact's id in the external service
     * @returns the botmatic id, always a string; `null` when there is no such pair; `undefined` when the
     *   lookup failed, so that nothing is known. With `strict`, a failure rejects with a
     *   {@link KeyStoreError}.
     * @example
     * const botmaticId = await keyStore.getBotmaticId('my-integration', 'crm-7')
     * if (botmaticId === undefined) throw new Error('try again later')
     * if (botmaticId === null) console.log('a new contact')
     */
    getBotmaticId<E extends object>(integrationId: unknown, extId: Id<E>): Promise<Found>
    /**
     * Looks up the external id of a botmatic id.
     *
     * @param integrationId whose pair it is
     * @param botmaticId the contact's id in botmatic
     * @returns the external id, always a string; `null` when there is no such pair; `undefined` when the
     *   lookup failed, so that nothing is known. With `strict`, a failure rejects with a
     *   {@link KeyStoreError}.
     * @example
     * const extId = await keyStore.getExtId('my-integration', 123)
     * if (extId === undefined) throw new Error('try again later')
     * if (extId === null) console.log('the service does not know this contact yet')
     */
    getExtId<B extends object>(integrationId: unknown, botmaticId: Id<B>): Promise<Found>
    /**
     * Deletes a pair.
     *
     * @param integrationId whose pair it is
     * @param botmaticId the contact's id in botmatic
     * @param extId its id in the external service
     * @returns `true` when both halves were there and are gone; `false` when one was missing (the other
     *   is deleted all the same), when that failed, or when one of the two is no id and nothing was
     *   deleted. With `strict`, a failure rejects with a {@link KeyStoreError}.
     * @example
     * await keyStore.deleteIds('my-integration', 123, 'crm-7') // true
     * await keyStore.deleteIds('my-integration', 123, 'crm-7') // false: it is gone already
     */
    deleteIds<B extends object, E extends object>(
      integrationId: unknown,
      botmaticId: Id<B>,
      extId: Id<E>
    ): Promise<boolean>
    /**
     * Deletes all pairs of an integration: when it is uninstalled, say. Its calls that are made
     * meanwhile wait, those of others do not.
     *
     * @param integrationId whose pairs they are
     * @returns `true` when all pairs that it had are gone, also when it had none; `false` when that
     *   failed. With `strict`, a failure rejects with a {@link KeyStoreError}.
     * @example
     * await keyStore.deleteAllIds('my-integration') // true
     */
    deleteAllIds(integrationId: unknown): Promise<boolean>
    /**
     * Closes the client, and the store once the calls already made have completed. Call it when the
     * process is to end.
     *
     * @returns what the client's own `quit()` gives. Without a client, whether the store was still open.
     * @example
     * process.once('SIGTERM', () => keyStore.quit())
     */
    quit(): Promise<unknown>
    /**
     * Whether the store has a connection of its own, or else uses the client's commands. Not
     * enumerable.
     */
    readonly native: boolean
    /**
     * What the store did so far. Not enumerable.
     *
     * @returns counts since the store was made, see {@link Stats}
     * @example
     * const { calls, pending, failures } = keyStore.stats()
     * console.log(calls, pending, failures.TIMEOUT ?? 0)
     */
    stats(): Stats
  }

  /** What calls on many pairs take. */
  export interface BulkOptions {
    /**
     * Ends the work when it is aborted: the promise, or the iterator, rejects with its reason. Saves and
     * deletes that were under way are settled then. Nobody can end it by default.
     */
    signal?: Signal | undefined
    /**
     * Hears how far the work has come, every thousand ids or so; nobody by default. What it throws or
     * rejects with goes to the debug log.
     */
    onProgress?: ((progress: Progress) => unknown) | undefined
  }

  /** What an `AbortSignal` of any runtime is. */
  interface Signal {
    readonly aborted: boolean
    readonly reason?: unknown
    addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
    removeEventListener(type: 'abort', listener: () => void): void
  }

  /** How far a call on many pairs has come. */
  export interface Progress {
    /** How many ids, pairs or halves are done. */
    done: number
    /** How many of them failed, or have something wrong with them. */
    failed: number
    /** How many there are, where that is known: of an array. */
    total: number | undefined
  }

  /** What is given as many: an array, an iterable, or an async iterable, which is read no faster than it is worked off. */
  export type Many<T> = Iterable<T> | AsyncIterable<T>

  /** What {@link Extras.saveAllIds} came to. */
  export interface Saved {
    /** How many pairs are stored. */
    saved: number
    /** Of the first 1,000 that are not: the place among those given, and why. */
    failed: Array<{ index: number; code: ErrorCode }>
    /** How many are not stored. */
    failedCount: number
  }

  /** What is wrong with a half of a pair. */
  export type Finding = {
    /** Which half this is: the one under the botmatic id, or the one under the external id. */
    half: 'botmatic' | 'external'
    botmaticId: string
    externalId: string
  } & (
    | {
        /** Its other half is not there. */
        problem: 'missing'
        /** Whether other halves claim the same place, so that it is left alone. */
        isAmbiguous: boolean
        /** Whether the missing half was written: with `repair`, where it is not ambiguous. */
        isRepaired: boolean
      }
    | {
        /**
         * Its other half is of another id. `shared`: of one botmatic id that has the same external id, which is
         * legal, and js-contact relies on it. `disagreeing`: all else, as the old external id of a
         * contact that got a new one.
         */
        problem: 'shared' | 'disagreeing'
        /** The id that the other half is of. */
        found: string
      }
  )

  /** Counts of what {@link Extras.verifyIds} found. */
  export interface Verified {
    /** How many pairs have both halves, and these agree. */
    pairs: number
    /** How many halves were without their other half. */
    missing: number
    /** How many halves have another half that is of another id. */
    disagreeing: number
    /** How many botmatic ids share an external id with the one that its half is of. */
    shared: number
    /** How many of the missing halves several others claim. */
    ambiguous: number
    /** How many missing halves were written; 0 without `repair`. */
    repaired: number
  }

  /**
   * A check: it can be awaited for the counts, gone through for what is wrong, or first gone through and
   * then awaited. It begins with the first of these.
   */
  export interface Verification extends Promise<Verified>, AsyncIterable<Finding> {}

  /** What a store can do beyond the original. None of it is enumerable. */
  export interface Extras<Found> {
    /**
     * Connects ahead of the first call, so that a service can fail when it starts.
     *
     * @returns a promise that resolves once connected and logged in. It rejects with the {@link KeyStoreError}
     *   that a first call would meet, whether the store is strict or not: at once where trying again is of no
     *   use, and after `connectTimeout` where nothing can be reached.
     * @example
     * await keyStore.ready()
     */
    ready(): Promise<void>
    /**
     * Saves many pairs.
     *
     * @param integrationId whose pairs they are
     * @param pairs a `[botmaticId, externalId]` each; no more than 8,000 are held in memory
     * @param options see {@link BulkOptions}
     * @returns how many are stored, and which are not; a pair that fails does not stop the others, also
     *   with `strict`. What is no such pair fails with `NOID`. It rejects when `pairs` throws or cannot be gone
     *   through, and when it is aborted.
     * @example
     * const { saved, failed } = await keyStore.saveAllIds('my-integration', [[123, 'crm-7'], [124, 'crm-8']])
     * console.log(saved, failed.length) // 2 0
     */
    saveAllIds(
      integrationId: unknown,
      pairs: Many<readonly [botmaticId: unknown, externalId: unknown]>,
      options?: BulkOptions
    ): Promise<Saved>
    /**
     * Looks up the botmatic ids of many external ids.
     *
     * @param integrationId whose pairs they are
     * @param externalIds the ids in the external service
     * @param options see {@link BulkOptions}
     * @returns in the order of `externalIds`, what {@link Methods.getBotmaticId} gives for each. With `strict`, the
     *   first failure rejects.
     * @example
     * const [one, other] = await keyStore.getBotmaticIds('my-integration', ['crm-7', 'crm-8'])
     */
    getBotmaticIds(
      integrationId: unknown,
      externalIds: Many<unknown>,
      options?: BulkOptions
    ): Promise<Found[]>
    /**
     * Looks up the external ids of many botmatic ids.
     *
     * @param integrationId whose pairs they are
     * @param botmaticIds the ids in botmatic
     * @param options see {@link BulkOptions}
     * @returns in the order of `botmaticIds`, what {@link Methods.getExtId} gives for each. With `strict`, the first
     *   failure rejects.
     * @example
     * const [one, other] = await keyStore.getExtIds('my-integration', [123, 124])
     */
    getExtIds(
      integrationId: unknown,
      botmaticIds: Many<unknown>,
      options?: BulkOptions
    ): Promise<Found[]>
    /**
     * Deletes many pairs.
     *
     * @param integrationId whose pairs they are
     * @param pairs a `[botmaticId, externalId]` each
     * @param options see {@link BulkOptions}
     * @returns in the order of `pairs`, what {@link Methods.deleteIds} gives for each. With `strict`, the first failure
     *   rejects.
     * @example
     * await keyStore.deleteManyIds('my-integration', [[123, 'crm-7'], [124, 'crm-8']]) // [true, true]
     */
    deleteManyIds(
      integrationId: unknown,
      pairs: Many<readonly [botmaticId: unknown, externalId: unknown]>,
      options?: BulkOptions
    ): Promise<boolean[]>
    /**
     * Lists the pairs of an integration, each once, page by page. What is saved or deleted meanwhile may be
     * among them or not. Failures reject, with `strict` or without.
     *
     * @param integrationId whose pairs they are
     * @param options see {@link BulkOptions}
     * @returns an async iterator of `[botmaticId, externalId]`, which may be left at any time. Each page has
     *   `readTimeout`
     * @example
     * for await (const [botmaticId, externalId] of keyStore.pairs('my-integration')) {
     *   console.log(botmaticId, externalId)
     * }
     */
    pairs(
      integrationId: unknown,
      options?: BulkOptions
    ): AsyncGenerator<[botmaticId: string, externalId: string], void>
    /**
     * Counts the pairs of an integration. In a file that is one look, in Redis a listing.
     *
     * @param integrationId whose pairs they are
     * @param options see {@link BulkOptions}
     * @returns how many botmatic ids it has
     * @example
     * console.log(await keyStore.countIds('my-integration'))
     */
    countIds(integrationId: unknown, options?: BulkOptions): Promise<number>
    /**
     * Lists the integrations that have pairs, and how many. In Redis that looks at all keys of the database.
     *
     * @param options see {@link BulkOptions}
     * @returns an async iterator; the integration ids are shown in full, and are secret
     * @example
     * for await (const { integrationId, pairs } of keyStore.integrations()) {
     *   console.log(integrationId.slice(0, 4), pairs)
     * }
     */
    integrations(
      options?: BulkOptions
    ): AsyncGenerator<{ integrationId: string; pairs: number }, void>
    /**
     * Looks at both halves of each pair of an integration: the original may have left one without the other.
     *
     * @param integrationId whose pairs they are
     * @param options see {@link BulkOptions}; with `repair`, which is `false` by default, a missing half is written
     *   where one half only claims it
     * @returns a {@link Verification}, which begins when it is awaited or gone through. Failures reject, with
     *   `strict` or without
     * @example
     * const check = keyStore.verifyIds('my-integration', { repair: true })
     * for await (const { problem, botmaticId, externalId } of check) console.log(problem, botmaticId, externalId)
     * const { pairs, missing, repaired } = await check
     */
    verifyIds(
      integrationId: unknown,
      options?: BulkOptions & { repair?: boolean | undefined }
    ): Verification
    /**
     * Of a store in a file: makes the file as small as it can be, which may need as much room again meanwhile.
     * Other calls wait.
     *
     * @returns a promise that resolves when it is done. Failures reject, with `strict` or without.
     * @example
     * await keyStore.compact()
     */
    compact(): Promise<void>
    /**
     * Of a store in a file: copies it, all that was answered included. Other calls wait.
     *
     * @param path where to, a file that is not there yet
     * @returns a promise that resolves when the copy is on the disk. Failures reject, with `strict` or without.
     * @example
     * await keyStore.backup('./ids-backup.redb')
     */
    backup(path: string): Promise<void>
    /**
     * What `await using` calls: {@link Methods.quit}.
     *
     * @example
     * await using keyStore = createKeyStore('file:./ids.redb')
     */
    [Symbol.asyncDispose](): Promise<void>
  }

  export interface Stats {
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
    /** What is amiss with a server that serves: a `maxmemory-policy` that may delete pairs. Absent when nothing is. */
    warnings?: string[]
  }

  /**
   * A message of the diagnostics channel `js-redis-key-store:call`, once for each settled call, published
   * in the asynchronous context of who made it. What has a dot in its name is of OpenTelemetry's semantic
   * conventions for clients of databases.
   */
  export interface CallMessage {
    operation: Operation
    /** The first four characters of the integration id. */
    integration: string
    milliseconds: number
    /** What the call resolved to, `'found'` and `'missing'` for lookups; or why it failed. */
    outcome: 'true' | 'false' | 'found' | 'missing' | ErrorCode
    /** How many times the call was sent; 0 when it never was. */
    attempts: number
    /** `redb` of a store in a file or in memory. */
    'db.system.name': 'redis' | 'redb'
    /** The command that does the work of the call; the method, where there is no server. */
    'db.operation.name': 'MSET' | 'GET' | 'DEL' | 'UNLINK' | 'SCAN' | Operation
    /** The number of the database, where it is known; the path of a store's file. */
    'db.namespace'?: string
    /** Host or path of the server, where it is known; of several, the first that is named. */
    'server.address'?: string
    'server.port'?: number
    /** Only of a call that failed. */
    'error.type'?: ErrorCode
  }

  /** A message of the diagnostics channel `js-redis-key-store:connection`. */
  export interface ConnectionMessage {
    state: 'connecting' | 'ready' | 'failed' | 'lost' | 'warning'
    server: string
    /** Why it failed or was lost, or what is amiss with a server that serves. */
    reason: string | undefined
  }

  /** `listIds` is a page of a walk: of `pairs`, `countIds`, `integrations` or `verifyIds`. */
  export type Operation =
    | 'saveIds'
    | 'getBotmaticId'
    | 'getExtId'
    | 'deleteIds'
    | 'deleteAllIds'
    | 'listIds'
    | 'compact'
    | 'backup'

  /** Failed lookups resolve to `undefined`, everything else that fails to `false`. */
  export interface KeyStore
    extends Methods<string | null | undefined>,
      Extras<string | null | undefined> {}

  /** What fails rejects with a {@link KeyStoreError}. */
  export interface StrictKeyStore extends Methods<string | null>, Extras<string | null> {}

  /**
   * The store as a class, with the factory's arguments; its methods work detached too.
   *
   * @example
   * const keyStore = new RedisKeyStore('redis://localhost:6379', { strict: true })
   */
  export type RedisKeyStore<Strict extends boolean = false> = [Strict] extends [false]
    ? KeyStore
    : StrictKeyStore
  export const RedisKeyStore: {
    new <Strict extends boolean = false, Url extends string = string>(
      client: Given<Url>,
      options: Options & { strict: Strict }
    ): RedisKeyStore<Strict>
    new <Strict extends boolean = false, Url extends string = string>(
      client: Given<Url>,
      options?: Options
    ): RedisKeyStore<Strict>
    readonly prototype: KeyStore
  }

  /**
   * Why a call failed. Its message says on which server, and what to do.
   *
   * @example
   * try {
   *   await strictStore.saveIds('my-integration', 123, 'crm-7')
   * } catch (error) {
   *   if (!(error instanceof KeyStoreError)) throw error
   *   console.error(error.code, error.message)
   * }
   */
  export class KeyStoreError extends Error {
    name: 'KeyStoreError'
    /**
     * Why, and what to do:
     * - `CLOSED`: the store or its client was closed. Make a new store, from an open client.
     * - `BUSY`: `maxPending` calls wait already. Await earlier calls, or raise `maxPending`.
     * - `TIMEOUT`: connected, but no answer by the deadline. Check the server's load and the network, or
     *   raise `readTimeout` or `writeTimeout`.
     * - `UNREACHABLE`: no connection by the deadline, or to a server that was not ready; or a client whose
     *   settings cannot be used any more. Check that Redis runs there and can be reached from here.
     * - `TLS`: no TLS connection by the deadline. Check that the server speaks TLS, and `ca`, `cert`,
     *   `key` and `servername`.
     * - `PROTOCOL`: by the deadline, nothing answered as Redis does. Check host and port, and whether the
     *   server wants TLS.
     * - `AUTH`: the login was refused, or one is needed, or the client's credentials provider failed.
     *   Check user name and password, or the provider.
     * - `DATABASE`: the server has no such database. Choose a number below its `databases` setting.
     * - `NOPERM`: the user may not run the command or touch the key. Extend the user's ACL rules.
     * - `WRONGTYPE`: the key holds something else than a string. Keep the store's keys to itself.
     * - `READONLY`: the server is a replica and was not promoted by the deadline. Use its master.
     * - `MOVED`: the server is one node of a cluster, others hold keys too. Use a cluster client.
     * - `OOM`: the server is out of memory. Give it more.
     * - `REPLY`: any other error reply, or a connection that the server closes each time on this call. Look
     *   the reply up in Redis' documentation.
     * - `STORAGE`: the file of the store cannot be used. The message names it, the reason, and what to do.
     * - `NOID`: what was given as an id is none; nothing is written or deleted. Without `strict`, saves and
     *   deletes resolve to `false` and lookups to `null`. Check where the id comes from: is an `await`
     *   missing?
     * - `INTERNAL`: a fault of this module. Please report it.
     */
    code: ErrorCode
    /** The method that failed. */
    operation: Operation | 'ready'
    /** The first four characters of the integration id, which is a bearer token; empty for `ready`. */
    integration: string
  }

  /** Why a call failed: {@link KeyStoreError.code} says what each means and what to do. */
  export type ErrorCode =
    | 'CLOSED'
    | 'BUSY'
    | 'TIMEOUT'
    | 'UNREACHABLE'
    | 'TLS'
    | 'PROTOCOL'
    | 'AUTH'
    | 'DATABASE'
    | 'NOPERM'
    | 'WRONGTYPE'
    | 'READONLY'
    | 'MOVED'
    | 'OOM'
    | 'REPLY'
    | 'STORAGE'
    | 'NOID'
    | 'INTERNAL'
}

declare global {
  // Where the library of the compiler does not have it yet.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

export = keyStore
