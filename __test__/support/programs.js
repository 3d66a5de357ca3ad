const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
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

/**
 * Compiles `support/<name>.c` for the test `t`, and resolves to the environment of programs in which
 * it stands in for the system.
 */
const preload = async (t, name) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-preload-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const library = path.join(directory, `${name}.so`)
  const source = path.join(__dirname, `${name}.c`)
  // Rust links by it, so it is there.
  const { code, stderr } = await run('cc', ['-shared', '-fPIC', '-o', library, source])
  if (code !== 0) throw new Error(stderr)
  return { LD_PRELOAD: library }
}

module.exports = { ROOT, preload, run, runScript }
