/** The command, with the memory that it took. */

const fs = require('node:fs')
const path = require('node:path')
const { run } = require('./support')

const PEAK = path.join(__dirname, 'peak.js')

/**
 * As `run`; tells as well how many `seconds` it took, and how many MB were resident at `most`.
 * @param {{file: (name: string) => string}} folder see `useFolder`
 * @param {string[]} args
 */
const measured = async (folder, args) => {
  const peak = folder.file('peak')
  const env = { NODE_OPTIONS: `--require "${PEAK}"`, KEY_STORE_PEAK: peak }
  const began = performance.now()
  const ended = await run(args, { env })
  const seconds = (performance.now() - began) / 1_000
  return { ...ended, seconds, most: Number(fs.readFileSync(peak)) / 1_024 }
}

module.exports = { measured }
