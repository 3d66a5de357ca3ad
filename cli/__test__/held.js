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

/**
 * Starts a command and stops its process once `isUnderWay`: however slow the machine is, what happens next
 * happens in the middle of it.
 * @param {string[]} args
 * @param {() => Promise<boolean>} isUnderWay
 */
const held = async (args, isUnderWay) => {
  const command = watched(args)
  const { child } = command
  while (child.exitCode === null && !(await isUnderWay())) await new Promise(setImmediate)
  child.kill('SIGSTOP')
  assert.equal(child.exitCode, null, `${args[0]} ended before it could be held`)
  return command
}

module.exports = { held, watched }
