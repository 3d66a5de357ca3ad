/** Commands that are held in the middle of their work while something happens to their server. */

const assert = require('node:assert/strict')
const { collect, start } = require('./support')

/** A command that runs: its end, and a promise of the first word on its standard error that matches. */
const watched = (args, options) => {
  const child = start(args, options)
  let text = ''
  const said = (pattern) =>
    new Promise((resolve, reject) => {
      const look = (bytes = '') => {
        text += bytes
        if (pattern.test(text)) resolve()
      }
      look()
      child.stderr.on('data', look)
      child.once('close', () => reject(new Error(`${args[0]} ended without ${pattern}: ${text}`)))
    })
  return { child, said, ended: collect(child) }
}

/** How often a command is begun that has come too far before its process was stopped. */
const ATTEMPTS = 20

/**
 * Starts a command and stops its process in the middle of its work: what happens next happens there, however
 * slow the machine is.
 * @param {string[]} args
 * @param {[number, number]} middle where that is, by what `done` gives
 * @param {() => Promise<() => Promise<number>>} begin makes it ready to be begun; gives what tells how much of
 *   it is done
 */
const held = async (args, [least, most], begin) => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const done = await begin()
    const command = watched(args)
    const { child } = command
    while (child.exitCode === null && (await done()) < least) await new Promise(setImmediate)
    child.kill('SIGSTOP')
    if (child.exitCode === null && (await done()) <= most) return command
    child.kill('SIGKILL')
    const { code, stderr } = await command.ended
    assert.ok(!code, stderr)
  }
  throw new Error(`${args[0]} could not be held in the middle of its work`)
}

module.exports = { held, watched }
