/** Why there is no binary and what to do about it, in six lines at most. */

const { existsSync } = require('node:fs')
const path = require('node:path')
const { arch, platform, version } = require('node:process')
const { FILE, NAME, PACKAGE, UNKNOWN, VARIABLE } = require('./names')
const { glibcVersion, libc, target } = require('./platform')
const { VERSION } = require('./version')

/** How many causes are told, the nearest first. */
const MOST = 3

const HEAD =
  `${NAME} has no native binary for this process (${target}, Node ${version}): a store of a ` +
  "client works through that client's own commands, at its speed; one of an address cannot be made."

const BLOCKED = process.permission
  ? "Node's permission model lets no addon load; start it with --allow-addons too"
  : 'Node was started with --no-addons; start it without'

const firstLine = (error) => String(error?.message ?? error).split('\n', 1)[0]

/** The version of glibc that the system's loader missed. */
const neededGlibc = ({ error }) => /GLIBC_([\d.]+)' not found/.exec(error?.message)?.[1]

const has = (code) => (failure) => failure.error?.code === code
const isUnknown = has(UNKNOWN)
const isAbsent = has('MODULE_NOT_FOUND')
const isBlocked = has('ERR_DLOPEN_DISABLED')

const reasonOf = (here) => (failure) => {
  const { place, error } = failure
  if (isUnknown(failure)) return `No binary is published for ${target}.`
  if (isBlocked(failure)) return `${place} is not loaded: ${BLOCKED}.`
  if (isAbsent(failure)) return `${place} is not installed; it was looked for from ${here}.`
  if (!error) {
    return `${place} is of version ${failure.version ?? 'unknown'}, this package of ${VERSION}.`
  }
  const glibc = neededGlibc(failure)
  return glibc
    ? `${place} needs glibc ${glibc} or newer, this process has ${glibcVersion()}.`
    : `${place} does not load: ${firstLine(error)}`
}

const installCommand = () => {
  const library = libc ? ` --libc=${libc === 'gnu' ? 'glibc' : libc}` : ''
  const machine = `--os=${platform} --cpu=${arch}${library}`
  return `npm install --save-optional ${machine} ${PACKAGE}@${VERSION}`
}

const buildCommand = (here) => {
  const root = path.join(here, '..', '..')
  const isHere = existsSync(path.join(root, 'Cargo.toml'))
  return `npm run build --prefix "${isHere ? root : path.join('node_modules', NAME)}"`
}

/**
 * @param {object[]} failures what was found wherever a binary was looked for
 * @param {{here: string, isBundle: boolean, isNamed: boolean}} how from where it was looked for,
 *   whether out of a bundle, whether only where `VARIABLE` says
 */
const explain = (failures, { here, isBundle, isNamed }) => {
  const blocked = failures.filter(isBlocked)
  const told = blocked.length > 0 ? blocked : failures
  const reasons = new Set(told.map(reasonOf(here)).slice(0, MOST))
  const cures = []
  if (isNamed) {
    cures.push(`Correct or unset ${VARIABLE}.`)
  } else if (blocked.length === 0) {
    const file = path.join('node_modules', PACKAGE, FILE)
    if (isBundle)
      cures.push(
        `Keep ${NAME} out of the bundle (external, serverExternalPackages), or copy ${file} to ${here}.`
      )
    if (!failures.some((failure) => isUnknown(failure) || neededGlibc(failure))) {
      cures.push(`To install it: ${installCommand()}`)
    }
    if (!isBundle) cures.push(`To build it, with Rust 1.90 or newer: ${buildCommand(here)}`)
  }
  return [HEAD, ...reasons, ...cures].join('\n')
}

module.exports = { explain }
