/**
 * `npm run test:platforms`: installs the packages in dist/ as npm does on each platform that can be
 * run here, and runs the suites that hold the store to its contract on them, a real Redis beside. A
 * name, as in `npm run test:platforms -- linux-x64-musl`, runs that alone.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { name, version } = require('../package.json')
const { PLATFORMS } = require('./package/platforms')
const { RUNTIMES } = require('./package/runtimes')
const { ROOT, npm } = require('./package/tools')
const { startRedis } = require('./redis')

const DIST = path.join(ROOT, 'dist')
const PROJECTS = path.join(ROOT, 'target', 'platforms')
const SUITES = ['parity.test.js', 'order.test.js']
/** With every client there is, since all is up to them then. */
const WITHOUT_BINARY = ['parity.test.js', 'matrix.test.js', 'no-binary.test.js']
/** An emulated Node needs minutes. */
const LIMIT = 15 * 60_000

const tarball = (suffix = '') => path.join(DIST, `${name}${suffix}-${version}.tgz`)

/** A project with the packages for a platform, as npm installs them there; its folder of ours. */
const install = (label, { os, cpu, libc }, tarballs) => {
  const project = path.join(PROJECTS, label)
  fs.rmSync(project, { recursive: true, force: true })
  fs.mkdirSync(project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), '{"private":true}')
  const machine = [`--os=${os}`, `--cpu=${cpu}`, ...(libc ? [`--libc=${libc}`] : [])]
  const quiet = ['--silent', '--no-audit', '--no-fund', '--prefer-offline']
  npm(['install', ...quiet, ...machine, ...tarballs], { cwd: project })
  return path.join(project, 'node_modules', name)
}

/** How many tests passed and failed; a suite that ends before it has counted has failed. */
const count = ({ status, stdout, stderr }) => {
  const [pass, fail] = ['pass', 'fail'].map((kind) =>
    Number(new RegExp(`^# ${kind} (\\d+)`, 'm').exec(stdout)?.[1] ?? 0)
  )
  if (status !== 0) {
    const lines = stdout.split('\n')
    const failed = lines.filter((line) => /^ *not ok|^ +error: /.test(line))
    console.error(failed.concat(stderr.trim()).slice(0, 40).join('\n'))
  }
  return { pass, fail: status === 0 ? 0 : Math.max(fail, 1) }
}

/** Runs a program; its output goes through files, since wine writes to nothing else. */
const execute = (program, args, env) => {
  const files = ['stdout', 'stderr'].map((name) => path.join(PROJECTS, name))
  const outputs = files.map((file) => fs.openSync(file, 'w'))
  const stdio = ['ignore', ...outputs]
  const { status } = spawnSync(program, args, { cwd: ROOT, env, stdio, timeout: LIMIT })
  for (const output of outputs) fs.closeSync(output)
  const [stdout, stderr] = files.map((file) => fs.readFileSync(file, 'utf8'))
  return { status, stdout, stderr }
}

const test = (installed, command, suites, server) => {
  const [program, ...words] = command
  const env = { ...process.env, KEY_STORE_INSTALLED: installed, KEY_STORE_SERVER: server.url }
  const preload = ['--require', path.join(ROOT, '__test__', 'support', 'installed.js')]
  const loaded = `const { binding } = require(${JSON.stringify(path.join(ROOT, 'lib/native/load'))})
    process.stdout.write(process.version + ' ' + Boolean(binding))`
  const asked = execute(program, [...words, ...preload, '-e', loaded], env)
  const [node, isNative] = asked.stdout.split(' ')
  const total = { node, native: isNative === 'true', pass: 0, fail: asked.status === 0 ? 0 : 1 }
  if (asked.status !== 0) console.error(asked.stderr)
  for (const suite of suites) {
    const file = path.join(ROOT, '__test__', suite)
    const args = [...words, ...preload, '--test-reporter=tap', file]
    const { pass, fail } = count(execute(program, args, env))
    total.pass += pass
    total.fail += fail
  }
  return total
}

const main = async () => {
  const wanted = process.argv.slice(2)
  const isWanted = (label) => wanted.length === 0 || wanted.includes(label)
  const server = await startRedis()
  const rows = []
  const add = (row) => {
    rows.push(row)
    console.log(`platforms: ${JSON.stringify(row)}`)
  }
  for (const platform of PLATFORMS.filter(({ name: label }) => isWanted(label))) {
    const runtimes = RUNTIMES.filter((runtime) => runtime.platform === platform.name)
    if (runtimes.length === 0) add({ platform: platform.name, how: 'built; cannot be run here' })
    for (const { node, how = 'here', suites = SUITES, command } of runtimes) {
      // As what is optional, since npm asks of all else that it be for the host.
      const tarballs = ['--save-optional', tarball(), tarball(`-${platform.name}`)]
      const installed = install(`${platform.name}-${node}`, platform, tarballs)
      const result = test(installed, command(), suites, server)
      if (!result.native) result.fail++
      add({ platform: platform.name, how, ...result })
    }
  }
  if (isWanted('none')) {
    const { platform: os, arch: cpu } = process
    const installed = install('none', { os, cpu }, [tarball(), '--omit=optional'])
    const result = test(installed, [process.execPath], WITHOUT_BINARY, server)
    if (result.native) result.fail++
    add({ platform: 'none: no binary', how: 'here', ...result })
  }
  await server.stop()
  console.table(rows)
  process.exitCode = rows.some(({ fail }) => fail > 0) ? 1 : 0
}

main()
