/**
 * Finds the binary that this process can run, or else why there is none. To require this file never
 * fails.
 */

const { existsSync } = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { FILE, PACKAGE, UNKNOWN, VARIABLE } = require('./names')
const { target } = require('./platform')
const { VERSION } = require('./version')

/** The program that runs; a single executable has none. */
const MAIN = process.argv[1] ?? path.join(process.cwd(), 'main')

/** In a bundle this is where that is; in one of ES modules there is no such name. */
const HERE = typeof __dirname === 'string' ? __dirname : path.dirname(MAIN)

const isBundle = !existsSync(path.join(HERE, 'load.js'))

/** What napi's own loaders take, for whichever package; what `npm run build` makes; what lies beside a bundle. */
const FILES = [
  process.env.NAPI_RS_NATIVE_LIBRARY_PATH,
  path.join(HERE, '..', '..', FILE),
  path.join(HERE, FILE)
]

/** Where none was found: `{place, error}`, or `{place, version}` of one that does not fit. */
const failures = []

const attempt = (place, find) => {
  try {
    const binding = find()
    if (binding?.VERSION === VERSION) return binding
    failures.push({ place, version: binding?.VERSION })
  } catch (error) {
    failures.push({ place, error })
  }
}

/** Not by `require`, which is the bundler's own in a bundle. */
const open = (file) => {
  const binary = { exports: {} }
  process.dlopen(binary, path.resolve(file))
  return binary.exports
}

/**
 * The package for this process. All are spelt out, for bundlers and tracers; in a `try`, by which
 * these know that one may be missing.
 */
const requirePackage = () => {
  try {
    switch (target) {
      case 'darwin-arm64':
        return require('js-redis-key-store-darwin-arm64')
      case 'darwin-x64':
        return require('js-redis-key-store-darwin-x64')
      case 'freebsd-x64':
        return require('js-redis-key-store-freebsd-x64')
      case 'linux-arm-gnu':
        return require('js-redis-key-store-linux-arm-gnu')
      case 'linux-arm64-gnu':
        return require('js-redis-key-store-linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('js-redis-key-store-linux-arm64-musl')
      case 'linux-x64-gnu':
        return require('js-redis-key-store-linux-x64-gnu')
      case 'linux-x64-musl':
        return require('js-redis-key-store-linux-x64-musl')
      case 'win32-arm64':
        return require('js-redis-key-store-win32-arm64')
      case 'win32-x64':
        return require('js-redis-key-store-win32-x64')
      default:
        throw Object.assign(new Error('no package is made'), { code: UNKNOWN })
    }
  } catch (error) {
    if (!isBundle || error.code === UNKNOWN) throw error
    // As the program itself would.
    return createRequire(MAIN)(PACKAGE)
  }
}

const named = process.env[VARIABLE]

const find = () => {
  if (named) return attempt(`${named} (${VARIABLE})`, () => open(named))
  for (const file of FILES) {
    const binding = file && existsSync(file) && attempt(file, () => open(file))
    if (binding) return binding
  }
  return attempt(PACKAGE, requirePackage)
}

const binding = find()

const missing = () =>
  require('./missing').explain(failures, { here: HERE, isBundle, isNamed: Boolean(named) })

module.exports = { binding, missing: binding ? undefined : missing() }
