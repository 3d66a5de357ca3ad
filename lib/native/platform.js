const { readFileSync } = require('node:fs')
const { arch, config, platform } = require('node:process')

/** What the C libraries of Linux are mapped from into a process. */
const MUSL = /\/(ld-musl-|libc\.musl-)[^/]*$|\/libc\.so$/m
const GLIBC = /\/libc(-2\.\d+\.so|\.so\.6)$/m

/** The head of this process's diagnostic report, without the network: that may ask a name server. */
const reportHeader = () => {
  const { report } = process
  const { excludeNetwork } = report
  report.excludeNetwork = true
  try {
    return report.getReport().header
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

/**
 * The C library that this process runs on, which need not be the host's: `gnu` or `musl`. Its memory
 * map tells it at once, where it can be read.
 */
const libcOf = () => {
  try {
    const mapped = readFileSync('/proc/self/maps', 'utf8')
    if (MUSL.test(mapped)) return 'musl'
    if (GLIBC.test(mapped)) return 'gnu'
  } catch {
    // The report knows too.
  }
  return glibcVersion() ? 'gnu' : 'musl'
}

/** The version of glibc in this process, `undefined` when it runs on another library. */
const glibcVersion = () => reportHeader().glibcVersionRuntime

/** Node's `arm` is version 7, for which binaries are made. */
const archOf = () => {
  const { arm_version } = config.variables
  return arch === 'arm' && Number(arm_version) < 7 ? `armv${arm_version}` : arch
}

const libc = platform === 'linux' ? libcOf() : undefined

/** What a binary must be made for to run in this process. */
const target = [platform, archOf(), libc].filter(Boolean).join('-')

module.exports = { glibcVersion, libc, target }
