/** Sentinel and cluster clients: the settings that are read from them. */

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const ioredis = require('../lib/clients/ioredis')
const ioredisCluster = require('../lib/clients/ioredis-cluster')
const glide = require('../lib/clients/glide')
const redis4 = require('../lib/clients/redis-4-6')
const redis4Cluster = require('../lib/clients/redis-4-6-cluster')
const redis4Sentinel = require('../lib/clients/redis-4-6-sentinel')

const FAMILIES = { ioredis, ioredisCluster, glide, redis4, redis4Cluster, redis4Sentinel }

const SEEDS = [
  { host: 'a', port: 7001 },
  { host: 'b', port: 7002 }
]
/** As clients are given it, an address of IPv6 in either spelling. */
const GIVEN_NAT = {
  '10.0.0.1:7001': { host: 'outside', port: '9001' },
  'fd00::1:7001': { host: 'fd00::9', port: 9002 },
  '[fd00::2]:7001': { host: '[fd00::9]', port: 9003 },
  'none:7001': undefined
}
const NAT = {
  '10.0.0.1:7001': { host: 'outside', port: 9001 },
  '[fd00::1]:7001': { host: 'fd00::9', port: 9002 },
  '[fd00::2]:7001': { host: 'fd00::9', port: 9003 }
}
const LOGIN = { username: 'ann', password: 'p@ss' }
const TLS = { ca: 'trusted', servername: 'name' }
const TLS_SETTINGS = {
  ca: ['trusted'],
  cert: undefined,
  key: undefined,
  servername: 'name',
  rejectUnauthorized: true
}

const common = { db: 0, keyPrefix: 'p:', retry: true, natMap: NAT, tls: TLS_SETTINGS, ...LOGIN }

const lazy = { lazyConnect: true }

const redisCluster = (version) => () =>
  require(`redis${version}`).createCluster({
    rootNodes: [{ url: 'redis://a:7001' }, { socket: { host: 'b', port: 7002 } }],
    defaults: { ...LOGIN, socket: { tls: true, ...TLS } },
    nodeAddressMap: GIVEN_NAT,
    keyPrefix: 'p:'
  })

const ioredisClusterOf =
  (name, top = {}) =>
  () =>
    new (require(name).Cluster)(['redis://a:7001', { host: 'b', port: '7002' }], {
      ...lazy,
      natMap: GIVEN_NAT,
      redisOptions: { ...LOGIN, tls: TLS, keyPrefix: 'p:' },
      ...top
    })

const ioredisSentinel = (name) => () =>
  new (require(name))({
    ...lazy,
    sentinels: SEEDS,
    name: 'main',
    sentinelUsername: 'watcher',
    sentinelPassword: 'secret',
    sentinelTLS: TLS,
    enableTLSForSentinelMode: true,
    tls: TLS,
    natMap: GIVEN_NAT,
    db: 2,
    keyPrefix: 'p:',
    ...LOGIN
  })

const SENTINEL = {
  ...common,
  sentinels: SEEDS,
  master: 'main',
  sentinelUsername: 'watcher',
  sentinelPassword: 'secret',
  sentinelTls: TLS_SETTINGS,
  db: 2
}

/** What is made, the family that it is of, and the settings that it must have. */
const CASES = {
  'redis 4.7 cluster': [
    redisCluster(4),
    'redis4Cluster',
    // Its option of that name is none to version 4, which hands it on all the same.
    { ...common, nodes: SEEDS }
  ],
  'redis 5.12 cluster': [redisCluster(5), 'redis4Cluster', { ...common, nodes: SEEDS }],
  'redis 6 cluster': [redisCluster(6), 'redis4Cluster', { ...common, nodes: SEEDS }],
  'redis 5.12 cluster, duplicated, with TLS and a login for the nodes named at first': [
    () =>
      require('redis5')
        .createCluster({ rootNodes: [{ url: 'rediss://ann:p%40ss@a:7001', socket: TLS }] })
        .duplicate(),
    'redis4Cluster',
    {
      nodes: SEEDS.slice(0, 1),
      username: undefined,
      password: undefined,
      tls: TLS_SETTINGS,
      keyPrefix: ''
    }
  ],
  'redis 6 sentinel': [
    () =>
      require('redis6').createSentinel({
        name: 'main',
        sentinelRootNodes: SEEDS,
        nodeClientOptions: { ...LOGIN, database: 2, socket: { tls: true, ...TLS } },
        sentinelClientOptions: {
          username: 'watcher',
          password: 'secret',
          socket: { tls: true, ...TLS }
        },
        nodeAddressMap: GIVEN_NAT,
        keyPrefix: 'p:'
      }),
    'redis4Sentinel',
    { ...SENTINEL }
  ],
  'ioredis 4 Cluster': [
    ioredisClusterOf('ioredis4', { keyPrefix: 'p:' }),
    'ioredisCluster',
    { ...common, nodes: SEEDS, fallbackDb: 0 }
  ],
  'ioredis 4 Cluster, prefix inside': [
    ioredisClusterOf('ioredis4'),
    'ioredisCluster',
    { keyPrefix: '' }
  ],
  'ioredis 5 Cluster': [
    ioredisClusterOf('ioredis5'),
    'ioredisCluster',
    { ...common, nodes: SEEDS, fallbackDb: 0 }
  ],
  'ioredis 6 Cluster': [ioredisClusterOf('ioredis6'), 'ioredisCluster', common],
  'iovalkey Cluster': [ioredisClusterOf('iovalkey'), 'ioredisCluster', common],
  'ioredis 5 Cluster by ports': [
    () => new (require('ioredis5').Cluster)([7001, 'b:7002'], lazy),
    'ioredisCluster',
    {
      nodes: [
        { host: '127.0.0.1', port: 7001 },
        { host: 'b', port: 7002 }
      ],
      tls: undefined,
      password: undefined
    }
  ],
  'ioredis 4 Cluster, whose URLs hold a user': [
    () => new (require('ioredis4').Cluster)(['redis://bob:p%40ss@a:7001'], lazy),
    'ioredisCluster',
    { username: undefined, password: 'p@ss' }
  ],
  'ioredis 5 Cluster, whose URLs hold a user': [
    () => new (require('ioredis5').Cluster)(['redis://ann:p%40ss@a:7001'], lazy),
    'ioredisCluster',
    LOGIN
  ],
  'ioredis 4 sentinels': [ioredisSentinel('ioredis4'), 'ioredis', SENTINEL],
  'ioredis 5 sentinels': [ioredisSentinel('ioredis5'), 'ioredis', SENTINEL],
  'ioredis 6 sentinels': [ioredisSentinel('ioredis6'), 'ioredis', SENTINEL],
  'iovalkey sentinels': [ioredisSentinel('iovalkey'), 'ioredis', SENTINEL],
  'ioredis 5 sentinels, TLS not for the data': [
    () => new (require('ioredis5'))({ ...lazy, sentinels: [{ host: 'a' }], name: 'm', tls: TLS }),
    'ioredis',
    { sentinels: [{ host: 'a', port: 26379 }], tls: undefined, host: undefined }
  ],
  'valkey-glide cluster': [
    () => ({
      config: { addresses: SEEDS, credentials: LOGIN, useTLS: false },
      customCommand: () => {},
      fcallWithRoute: () => {}
    }),
    'glide',
    { nodes: SEEDS, ...LOGIN, db: 0, tls: undefined }
  ]
}

/** A client that is never opened needs closing only where it has begun by itself. */
const end = (client) => client.status && client.disconnect()

for (const [name, [create, family, wanted]] of Object.entries(CASES)) {
  test(name, () => {
    const client = create()
    const names = Object.keys(FAMILIES).filter((each) => FAMILIES[each].isMine(client))
    assert.deepEqual(names, [family])
    const prototype = Object.getPrototypeOf(client)
    assert.equal(FAMILIES[family].foreign(client), undefined)
    const settings = FAMILIES[family].settings(client)
    const shown = Object.fromEntries(Object.keys(wanted).map((key) => [key, settings[key]]))
    assert.deepEqual(shown, wanted)
    assert.equal(Object.getPrototypeOf(client), prototype, 'reading leaves no trace')
    end(client)
  })
}

describe('what cannot be read is foreign', () => {
  const map = () => undefined
  const rootNodes = [{ url: 'redis://a' }]
  const cases = {
    'a nodeAddressMap that is a function': [
      () => require('redis5').createCluster({ rootNodes, nodeAddressMap: map }),
      redis4Cluster
    ],
    'a sentinel client that hides its options': [
      () => require('redis5').createSentinel({ name: 'm', sentinelRootNodes: SEEDS }),
      redis4Sentinel
    ],
    'a natMap that is a function': [
      () => new (require('ioredis5').Cluster)([7001], { ...lazy, natMap: map }),
      ioredisCluster
    ],
    'a dnsLookup that is a function': [
      () => new (require('ioredis5').Cluster)([7001], { ...lazy, dnsLookup: map }),
      ioredisCluster
    ],
    'nodes with logins of their own': [
      () => new (require('ioredis5').Cluster)([{ ...LOGIN, port: 7001 }, 7002], lazy),
      ioredisCluster
    ],
    'the TLS option "checkServerIdentity"': [
      () =>
        new (require('ioredis5').Cluster)([7001], {
          ...lazy,
          redisOptions: { tls: { checkServerIdentity: map } }
        }),
      ioredisCluster
    ]
  }
  for (const [reason, [create, family]] of Object.entries(cases)) {
    test(reason, () => {
      const client = create()
      assert.equal(family.isMine(client), true)
      assert.equal(family.foreign(client), reason)
      end(client)
    })
  }
})

describe('settings that make no sense are refused', () => {
  const cases = [
    [() => require('redis5').createCluster({ rootNodes: [] }), redis4Cluster, /names no rootNodes/],
    [
      () => require('redis6').createSentinel({ sentinelRootNodes: SEEDS }),
      redis4Sentinel,
      /names no master or no sentinels/
    ],
    [
      () => new (require('ioredis5').Cluster)([{ host: '', port: 1 }], lazy),
      ioredisCluster,
      /its startup nodes name no host and port/
    ],
    [
      () => {
        const client = new (require('ioredis5'))({ ...lazy, sentinels: SEEDS, name: 'm' })
        client.options.name = undefined
        return client
      },
      ioredis,
      /names no master \("name"\) or no sentinels/
    ]
  ]
  for (const [create, family, message] of cases) {
    test(String(message), () => {
      const client = create()
      assert.throws(
        () => family.settings(client),
        (error) => error.constructor === TypeError && message.test(error.message)
      )
      end(client)
    })
  }
})
