/** `export FILE`: writes the pairs of integrations, in order, so that the same pairs make the same bytes. */

const { CODES } = require('../exit')
const { formatOf, writeOutput } = require('../files')
const { Trailer } = require('../formats/trailer')
const formats = { csv: require('../formats/csv'), ndjson: require('../formats/ndjson') }
const { Progress } = require('../progress')
const { records } = require('../selection')
const { sorted } = require('../sorted')
const { openStore } = require('../store')
const { watched } = require('../watchdog')

/** How many lines are written at once. */
const LINES = 500

const run = async (file, options, ui) => {
  const format = formats[formatOf(file, options)]
  const store = await openStore(options.url, options)
  const progress = new Progress('export', options)
  const trailer = new Trailer()
  try {
    return await watched(options.timeout, async (signal, alive) => {
      const found = async function* () {
        let count = 0
        for await (const record of records(store, options, signal)) {
          yield formats.ndjson.write(record).slice(0, -1)
          if (++count % 1_000 === 0) {
            alive()
            progress.update(count)
          }
        }
      }
      const text = async function* () {
        let lines = [format.header(options)]
        for await (const line of sorted(found())) {
          signal.throwIfAborted()
          const own = format.write(JSON.parse(line), options)
          trailer.add(own)
          lines.push(own)
          if (lines.length < LINES) continue
          alive()
          yield lines.join('')
          lines = []
        }
        yield lines.join('') + format.writeTrailer(trailer)
      }
      await writeOutput(file, text())
      progress.stop()
      const said = { pairs: trailer.pairs, sha256: trailer.sha256 }
      ui.result(said, `exported ${trailer.pairs} pairs`, file === '-')
      return CODES.done
    })
  } finally {
    progress.stop()
    await store.quit()
  }
}

module.exports = { run }
