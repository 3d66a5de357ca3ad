const { spawn } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')

/**
 * Runs a script of JavaScript text in a process of its own and resolves to how it ended. Kills it
 * after `limit` ms: a script that hangs shows as `signal: 'SIGKILL'`.
 */
const runScript = (script, { limit = 30_000, env = {}, args = [], cwd = ROOT } = {}) =>
  run(process.execPath, [...args, '-e', script], { limit, env, cwd })

const run = (command, args, { limit = 120_000, env = {}, cwd = ROOT } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
      timeout: limit,
      killSignal: 'SIGKILL'
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => (stdout += text))
    child.stderr.on('data', (text) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })

module.exports = { ROOT, run, runScript }
