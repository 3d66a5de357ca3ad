/** What a store in a file was answered survives the end of its process, at whatever moment that comes. */

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { useFolder } = require('./support/backends')
const { rounds } = require('./support/kill-judge')

const folder = useFolder()

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31

test(`10 random kills, SEED=${seed}: what was answered is there, in order, and nothing half`, async () => {
  const answered = await rounds(path.join(folder.path, 'ids.redb'), 10, seed)
  assert.ok(answered > 100, `${answered} answered`)
})
