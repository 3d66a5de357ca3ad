/** Files and pipes as streams; `-` is the standard one, and what ends in `.gz` is compressed. */

const fs = require('node:fs')
const { pipeline } = require('node:stream/promises')
const zlib = require('node:zlib')
const { Incomplete, UsageError } = require('./exit')

const isStandard = (file) => file === '-'
const isPacked = (file) => file.endsWith('.gz')

/** The format of a file: by the option, else by its name. */
const formatOf = (file, { format }) => {
  if (format) return format
  const name = file.replace(/\.gz$/, '')
  if (name.endsWith('.csv')) return 'csv'
  if (isStandard(file) || /\.(ndjson|jsonl|json)$/.test(name)) return 'ndjson'
  throw new UsageError(`what format is ${file}? Name it .ndjson or .csv, or say --format`)
}

/** The bytes of a file, unpacked. */
const openInput = (file) => {
  if (isStandard(file)) return process.stdin
  if (!fs.existsSync(file)) throw new UsageError(`there is no file ${file}`)
  if (fs.statSync(file).isDirectory()) throw new UsageError(`${file} is a folder`)
  const bytes = fs.createReadStream(file, { highWaterMark: 2 ** 18 })
  if (!isPacked(file)) return bytes
  const unpacked = bytes.pipe(zlib.createGunzip())
  bytes.once('error', (error) => unpacked.destroy(error))
  return unpacked
}

/** Whether a file can be read twice. */
const isRegular = (file) =>
  !isStandard(file) && fs.statSync(file, { throwIfNoEntry: false })?.isFile()

/**
 * Writes what `chunks` gives to a file, under a name of its own until it is whole: what is left of one that
 * was interrupted cannot be taken for it.
 */
const writeOutput = async (file, chunks) => {
  if (isStandard(file)) {
    await pipeline(chunks, process.stdout, { end: false })
    return
  }
  const part = `${file}.part`
  try {
    const output = fs.createWriteStream(part, { flush: true })
    await pipeline(...(isPacked(file) ? [chunks, zlib.createGzip(), output] : [chunks, output]))
    fs.renameSync(part, file)
  } catch (error) {
    if (error.exitCode) throw error
    throw new Incomplete(`cannot write ${file}: ${error.message}; what is there so far is ${part}`)
  }
}

module.exports = { formatOf, isRegular, openInput, writeOutput }
