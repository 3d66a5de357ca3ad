/**
 * `npm run test:install`: installs the packages of dist/ from a registry of our own by each package
 * manager, puts them through each bundler and test runner, and uses them, a real Redis beside.
 * `npm run test:install -- yarn` runs the cases with that in their names.
 */

const fs = require('node:fs')
const path = require('node:path')
const { startRedis } = require('../redis')
const { ROOT, ensureModules } = require('../package/tools')
const { NAME, Project } = require('./project')
const { startRegistry } = require('./registry')

const GROUPS = [
  require('./managers'),
  require('./bundlers'),
  require('./runners'),
  require('./deployments')
]

const DIST = path.join(ROOT, 'dist')

/** Those of the platforms first, as they are published. */
const tarballs = () =>
  fs
    .readdirSync(DIST)
    .filter((name) => name.endsWith('.tgz'))
    .sort((a, b) => b.length - a.length)
    .map((name) => path.join(DIST, name))

const attempt = (run, project) => {
  const started = Date.now()
  try {
    run(project)
    return { ok: true, seconds: (Date.now() - started) / 1_000 }
  } catch (error) {
    console.error(`install: ${error.message}`)
    return { ok: false, seconds: (Date.now() - started) / 1_000 }
  }
}

const main = async () => {
  const [wanted = ''] = process.argv.slice(2)
  const redis = await startRedis()
  const registry = await startRegistry(tarballs())
  const rows = []
  for (const { cases, folder, modules, isInstalled } of GROUPS) {
    const names = Object.keys(cases).filter((name) => name.includes(wanted))
    if (names.length > 0) ensureModules(folder, modules)
    for (const name of names) {
      const project = new Project(folder, {
        REGISTRY: registry.url,
        npm_config_registry: registry.url,
        TEST_URL: redis.url
      })
      if (isInstalled) project.npm('install', NAME)
      const result = attempt(cases[name], project)
      console.log(`install: ${name}: ${result.ok ? 'works' : 'FAILS'}`)
      rows.push({ case: name, ...result })
      project.remove()
    }
  }
  registry.stop()
  await redis.stop()
  console.table(rows)
  process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
}

main()
