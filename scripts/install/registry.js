/** A registry of our own, Verdaccio, with the packages of dist/; what is not ours it asks npm's for. */

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const manifest = require('../../package.json')
const { PLATFORMS } = require('../package/platforms')
const { freePort } = require('../redis')
const { TOOLS, npm } = require('../package/tools')

const FOLDER = path.join(TOOLS, 'verdaccio')

/** The newest that Node 20 runs, with the one of its packages mended that does not install. */
const MANIFEST = {
  private: true,
  dependencies: { verdaccio: '6.8.0' },
  overrides: { 'node-fetch': '2.7.0' }
}

const ensureVerdaccio = () => {
  const program = path.join(FOLDER, 'node_modules', 'verdaccio', 'bin', 'verdaccio')
  if (!fs.existsSync(program)) {
    fs.mkdirSync(FOLDER, { recursive: true })
    fs.writeFileSync(path.join(FOLDER, 'package.json'), JSON.stringify(MANIFEST))
    npm(['install', '--silent', '--no-audit', '--no-fund'], { cwd: FOLDER })
  }
  return program
}

const configuration = (storage, upstream) => `
storage: ${storage}
max_body_size: 50mb
uplinks:
  npm:
    url: ${upstream}
packages:
  'js-redis-key-store*':
    access: $all
    publish: $all
  '**':
    access: $all
    proxy: npm
log: { type: stdout, level: http }
`

/**
 * The packages that the main one names and that were not built here, without their binaries: yarn
 * and npm ci want to know of each, also of those for other machines.
 */
const standIns = (storage, isBuilt) =>
  PLATFORMS.filter((platform) => !isBuilt(platform.name)).map(({ name, os, cpu, libc }) => {
    const folder = path.join(storage, 'stand-ins', name)
    fs.mkdirSync(folder, { recursive: true })
    const limits = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) }
    const json = { name: `${manifest.name}-${name}`, version: manifest.version, ...limits }
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(json))
    return folder
  })

/** Starts it and publishes `tarballs`; gives its address and how it is stopped. */
const startRegistry = async (tarballs) => {
  const program = ensureVerdaccio()
  const storage = fs.mkdtempSync(path.join(FOLDER, 'storage-'))
  const file = path.join(storage, 'config.yaml')
  const upstream = npm(['config', 'get', 'registry']).trim()
  fs.writeFileSync(file, configuration(storage, upstream))
  const port = await freePort()
  const child = spawn(process.execPath, [program, '--config', file, '--listen', `${port}`], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  process.once('exit', () => child.kill('SIGKILL'))
  await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('Verdaccio ended')))
    child.stdout.on('data', (text) => /http address/i.test(text) && resolve())
  })
  const url = `http://localhost:${port}/`
  // It asks for a token and takes any.
  const token = `--//localhost:${port}/:_authToken=any`
  const isBuilt = (name) => tarballs.some((file) => file.includes(`-${name}-`))
  for (const each of [...standIns(storage, isBuilt), ...tarballs]) {
    npm(['publish', each, '--silent', '--ignore-scripts', `--registry=${url}`, token])
  }
  const stop = () => {
    child.removeAllListeners('exit').kill('SIGKILL')
    fs.rmSync(storage, { recursive: true, force: true })
  }
  return { url, stop }
}

module.exports = { startRegistry }
