/** A process that writes to a file is killed at random, and what it left is compared with what it was answered. */

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const path = require('node:path')
const createKeyStore = require('../..')

/** Few ids, so that calls meet, and long ones, so that what is in the log goes to the tables several times a round. */
const range = (length, name) => Array.from({ length }, (_, n) => `${name}${n}`)
const INTEGRATIONS = ['i', 'j', 'long-integration-token-0123456789']
const BOTMATIC_IDS = range(300, 'b')
const EXTERNAL_IDS = range(400, 'external '.repeat(30))

/** Runs the writer for about `ms`, and resolves to the calls it made, each with whether it was answered. */
const killed = (file, seed, ms) =>
  new Promise((resolve, reject) => {
    const args = [path.join(__dirname, 'kill-writer.js'), file, String(seed)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (text) => {
      // It begins to count once the file is open.
      if (said === '') setTimeout(() => child.kill('SIGKILL'), ms)
      said += text
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code !== null) return reject(new Error(`the writer ended by itself: ${code}`))
      // What stands in no whole line was never said.
      const lines = said.slice(0, said.lastIndexOf('\n') + 1).split('\n')
      const calls = []
      for (const line of lines) {
        if (line.startsWith('began ')) calls.push({ call: JSON.parse(line.slice(6)), done: false })
        if (line.startsWith('done ')) calls[Number(line.slice(5))].done = true
      }
      resolve(calls)
    })
  })

/** What an integration holds by both ids. */
const carryOut = ({ byBotmatic, byExternal }, [name, , b, e]) => {
  if (name === 'deleteAllIds') {
    byBotmatic.clear()
    byExternal.clear()
  } else if (name === 'deleteIds') {
    byBotmatic.delete(b)
    byExternal.delete(e)
  } else {
    byBotmatic.set(b, e)
    byExternal.set(e, b)
  }
}

const textOf = ({ byBotmatic, byExternal }) =>
  JSON.stringify([
    BOTMATIC_IDS.map((id) => byBotmatic.get(id) ?? null),
    EXTERNAL_IDS.map((id) => byExternal.get(id) ?? null)
  ])

const read = async (store, i) =>
  JSON.stringify([
    await Promise.all(BOTMATIC_IDS.map((id) => store.getExtId(i, id))),
    await Promise.all(EXTERNAL_IDS.map((id) => store.getBotmaticId(i, id)))
  ])

/**
 * One round: the file must hold what the calls of each integration come to, up to one that is no earlier
 * than the last answered. `before` is what it held, and becomes what it holds now.
 */
const round = async (file, seed, ms, before) => {
  const calls = await killed(file, seed, ms)
  const store = createKeyStore(`file:${file}`, { strict: true })
  for (const i of INTEGRATIONS) {
    const own = calls.filter(({ call }) => call[1] === i)
    const answered = own.findLastIndex(({ done }) => done) + 1
    const found = await read(store, i)
    const state = before[i]
    for (const { call } of own.slice(0, answered)) carryOut(state, call)
    const rest = own.slice(answered)
    let more = 0
    while (textOf(state) !== found) {
      assert.ok(more < rest.length, `seed ${seed}: ${i} holds what no calls come to`)
      carryOut(state, rest[more++].call)
    }
  }
  await store.quit()
  return calls.filter(({ done }) => done).length
}

/** Rounds on one file, and how many calls were answered in all. */
const rounds = async (file, count, seed) => {
  const empty = () => ({ byBotmatic: new Map(), byExternal: new Map() })
  const state = Object.fromEntries(INTEGRATIONS.map((i) => [i, empty()]))
  let answered = 0
  for (let n = 0; n < count; n++) {
    answered += await round(file, seed + n, 20 + ((seed + n * 37) % 400), state)
  }
  return answered
}

module.exports = { BOTMATIC_IDS, EXTERNAL_IDS, INTEGRATIONS, rounds }
