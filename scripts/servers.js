/**
 * `npm run servers -- <program or URL>…`: the contract on every server that is named, as a table. A program is
 * started on a free port; a server behind a URL is emptied. Without a name, those on the PATH are
 * taken. Fails when a case does.
 */

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const Table = require('cli-table3')
const { PROGRAMS } = require('./redis')

const SUITE = path.join(__dirname, '..', '__test__', 'long', 'contract.js')

const isThere = (program) => spawnSync(program, ['--version']).status === 0

const named = process.argv.slice(2)
const targets = named.length > 0 ? named : PROGRAMS.filter(isThere)
if (targets.length === 0) {
  console.error(`name a server program or a URL: none of ${PROGRAMS.join(', ')} is on the PATH`)
  process.exit(1)
}

/** Runs the suite on one server; its process tells the version that it met. */
const run = (target) => {
  const env = { ...process.env, KEY_STORE_SERVER: target }
  const args = ['--test', '--test-reporter', 'tap', SUITE]
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0)
  const [, version = 'unknown'] = /^# version (.*)$/m.exec(stdout) ?? []
  const failed = [...stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name)
  const isFine = failed.length === 0 && count('pass') > 0
  if (!isFine) console.error(`${target}:\n${stdout}${stderr}`)
  return { row: [target, version, count('pass'), count('fail'), isFine ? 'pass' : 'FAIL'], isFine }
}

const results = targets.map(run)
const table = new Table({ head: ['server', 'version', 'passed', 'failed', ''] })
table.push(...results.map(({ row }) => row))
console.log(table.toString())
process.exitCode = results.every(({ isFine }) => isFine) ? 0 : 1
