/** Projects that install the package, and what they run. */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const NAME = 'js-redis-key-store'

/** Saves a pair and prints what it reads. */
const use = (name = NAME) => `
const createKeyStore = require('${name}')
const main = async () => {
  const store = createKeyStore(process.env.TEST_URL)
  console.log(store.native, await store.saveIds('i', 1, 'x'), await store.getBotmaticId('i', 'x'))
  await store.quit()
}
main()
`
/** The same as an ES module. */
const useModule = () => use().replace(/^.*require.*$/m, `import createKeyStore from '${NAME}'`)

const USED = 'true true 1\n'

class Project {
  constructor(label, env) {
    this.env = env
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), `key-store-${label}-`))
    this.write('package.json', '{"private":true,"name":"project","version":"1.0.0"}')
    this.write('.npmrc', `registry=${env.REGISTRY}\n`)
    this.write('program.js', use())
  }

  path(...names) {
    return path.join(this.folder, ...names)
  }

  write(name, text) {
    fs.mkdirSync(path.dirname(this.path(name)), { recursive: true })
    fs.writeFileSync(this.path(name), text)
  }

  /** What a program prints; it is an error when it fails. */
  run(command, ...args) {
    const { status, stdout, stderr, error } = this.attempt(command, ...args)
    if (status === 0) return stdout
    const said = `${stdout ?? ''}${stderr ?? ''}`.trim().slice(-1_500)
    throw new Error(`${path.basename(command)} ${args.join(' ')}: ${error?.message ?? said}`)
  }

  attempt(command, ...args) {
    return spawnSync(command, args, {
      cwd: this.folder,
      env: { ...process.env, NODE_OPTIONS: '', ...this.env },
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      timeout: 300_000
    })
  }

  npm(...args) {
    return this.run('npm', ...args, '--silent', '--no-audit', '--no-fund')
  }

  /** The program works, at full speed. */
  expectNative(command = process.execPath, ...args) {
    const said = this.run(command, ...(args.length > 0 ? args : ['program.js']))
    if (!said.endsWith(USED)) throw new Error(`printed ${JSON.stringify(said)}`)
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

module.exports = { NAME, Project, use, useModule }
