/** Where pairs may be: what holds of all of them is tested on each. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before } = require('node:test')
const createKeyStore = require('../..')
const { useServer } = require('./redis')

/** A folder for the suite that calls this, gone after its last test. `path` is there from its first one on. */
const useFolder = () => {
  const own = {}
  before(() => {
    own.path = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-embedded-'))
  })
  after(() => fs.rmSync(own.path, { recursive: true, force: true }))
  return own
}

/**
 * The backends for the suite that calls this: `url()` is the address of an empty one, `open(t)` a store on
 * it that is closed at the end of the test `t`.
 */
const useBackends = () => {
  const server = useServer()
  const folder = useFolder()
  let files = 0
  const backend = (name, url) => ({
    name,
    url,
    open: async (t, options) => {
      const store = createKeyStore(await url(), options)
      t.after(() => store.quit())
      return store
    }
  })
  return [
    backend('Redis', async () => {
      await server.command('flushall')
      return server.url
    }),
    backend('a file', () => `file:${path.join(folder.path, `${files++}.redb`)}`),
    backend('memory', () => 'memory:')
  ]
}

module.exports = { useBackends, useFolder }
