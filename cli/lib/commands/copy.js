/** `copy FROM TO`: saves the pairs of one store in another. */

const { CODES } = require('../exit')
const { Progress } = require('../progress')
const { Pump, inBatches } = require('../pump')
const { Rejects } = require('../rejects')
const { records } = require('../selection')
const { watched } = require('../watchdog')
const { openBoth } = require('./both')
const { compare } = require('./verify')

const run = async (fromUrl, toUrl, options, ui) => {
  const [from, to] = await openBoth(fromUrl, toUrl, options)
  const progress = new Progress('copy', options)
  const rejects = new Rejects(options, ui.tell)
  const pump = new Pump(to, options, rejects)
  try {
    return await watched(options.timeout, async (signal, alive) => {
      const lists = async function* () {
        let number = 0
        for await (const record of records(from, options, signal)) {
          yield [{ line: ++number, source: JSON.stringify(record), record }]
        }
      }
      const settled = (done) => {
        alive()
        progress.update(done, rejects.count)
      }
      await inBatches(lists(), (batch) => pump.save(batch), options, signal, settled)
      progress.stop()
      const result = { saved: pump.saved, skipped: pump.skipped, rejected: rejects.count }
      const difference = options.verify
        ? await compare(from, to, options, signal, alive)
        : undefined
      ui.result(
        { ...result, ...(difference && { difference }) },
        `copied ${pump.saved} pairs, skipped ${pump.skipped}, rejected ${rejects.count}` +
          (difference
            ? `; ${difference.same} are the same in both, ${difference.missing + difference.different} are not`
            : '')
      )
      const isSame = !difference || difference.missing + difference.different === 0
      return rejects.count > 0 || !isSame ? CODES.different : CODES.done
    })
  } finally {
    progress.stop()
    rejects.close()
    await Promise.all([from.quit(), to.quit()])
  }
}

module.exports = { run }
