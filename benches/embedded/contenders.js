/**
 * Embedded stores that keep the same pairs, each save on the disk before it is answered. Each: `save` takes
 * many pairs in one go, as its own transaction; `find` and `deleteAll` as far as it has them.
 */

const path = require('node:path')
const createKeyStore = require('../..')
const { TOKEN } = require('../workloads')

const tryRequire = (name) => {
  try {
    return require(name)
  } catch {
    return undefined
  }
}

const own = (folder) => {
  const store = createKeyStore(`file:${path.join(folder, 'ids.redb')}`, { strict: true })
  return {
    save: (pairs) => Promise.all(pairs.map(([b, e]) => store.saveIds(TOKEN, b, e))),
    find: (ids) => Promise.all(ids.map((id) => store.getExtId(TOKEN, id))),
    deleteAll: () => store.deleteAllIds(TOKEN),
    close: () => store.quit()
  }
}

const CREATE =
  'CREATE TABLE pairs (integration TEXT, botmatic TEXT, ext TEXT, PRIMARY KEY (integration, botmatic)) WITHOUT ROWID;' +
  'CREATE INDEX by_ext ON pairs (integration, ext)'
const INSERT = 'INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)'
const SELECT = 'SELECT ext FROM pairs WHERE integration = ? AND botmatic = ?'
const DELETE = 'DELETE FROM pairs WHERE integration = ?'

/** Of what has SQLite's statements: better-sqlite3 and node:sqlite. */
const ofSqlite = (database) => {
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec(CREATE)
  const [insert, select, remove] = [INSERT, SELECT, DELETE].map((text) => database.prepare(text))
  return {
    save: (pairs) => {
      database.exec('BEGIN')
      for (const [b, e] of pairs) insert.run(TOKEN, b, e)
      database.exec('COMMIT')
    },
    find: (ids) => ids.map((id) => select.get(TOKEN, id)?.ext),
    deleteAll: () => remove.run(TOKEN),
    close: () => database.close()
  }
}

const betterSqlite = (folder) => {
  const Database = require('better-sqlite3')
  return ofSqlite(new Database(path.join(folder, 'ids.db')))
}

const nodeSqlite = (folder) => {
  const { DatabaseSync } = require('node:sqlite')
  return ofSqlite(new DatabaseSync(path.join(folder, 'ids.db')))
}

const lmdb = (folder) => {
  const { open } = require('lmdb')
  const database = open({ path: path.join(folder, 'ids.lmdb') })
  return {
    save: (pairs) =>
      database.transaction(() => {
        for (const [b, e] of pairs) {
          database.put([TOKEN, 'b', b], e)
          database.put([TOKEN, 'e', e], b)
        }
      }),
    find: (ids) => ids.map((id) => database.get([TOKEN, 'b', id])),
    deleteAll: () =>
      database.transaction(() => {
        for (const key of database.getKeys({ start: [TOKEN], end: [TOKEN, '\uffff'] }))
          database.remove(key)
      }),
    close: () => database.close()
  }
}

const keyv = (folder) => {
  const { default: Keyv } = require('keyv')
  const { default: KeyvSqlite } = require('@keyv/sqlite')
  const database = new Keyv({
    store: new KeyvSqlite(`sqlite://${path.join(folder, 'ids.sqlite')}`)
  })
  const set = ([b, e]) => [database.set(`${TOKEN}:b:${b}`, e), database.set(`${TOKEN}:e:${e}`, b)]
  return {
    // Each key is a transaction of its own: all of the work would take hours.
    share: 0.01,
    save: (pairs) => Promise.all(pairs.flatMap(set)),
    find: (ids) => Promise.all(ids.map((id) => database.get(`${TOKEN}:b:${id}`))),
    close: () => database.disconnect()
  }
}

const CONTENDERS = {
  'this store': own,
  'better-sqlite3': betterSqlite,
  ...(tryRequire('node:sqlite') && { 'node:sqlite': nodeSqlite }),
  'lmdb-js': lmdb,
  'Keyv, SQLite': keyv
}

module.exports = { CONTENDERS }
