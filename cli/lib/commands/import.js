/** `import FILE`: saves the pairs of a file. */

const { CODES, Incomplete } = require('../exit')
const { formatOf, isRegular, openInput } = require('../files')
const { Trailer } = require('../formats/trailer')
const formats = { csv: require('../formats/csv'), ndjson: require('../formats/ndjson') }
const { Progress } = require('../progress')
const { Pump, inBatches } = require('../pump')
const { Rejects } = require('../rejects')
const { Resume } = require('../resume')
const { openStore } = require('../store')
const { watched } = require('../watchdog')

/** Reads a file to its end, to see that it is whole before anything is saved. */
const inspect = async (file, format, options, alive) => {
  const trailer = new Trailer()
  let said
  let items = 0
  for await (const list of formats[format].read(openInput(file), options)) {
    for (const item of list) {
      if (item.trailer) said = item.trailer
      else {
        items++
        trailer.add(`${item.source}\n`)
      }
    }
    alive()
  }
  return { items, complaint: trailer.complaint(said) }
}

/** The items of a file that are not done yet; what it says of itself at its end is judged there. */
const readItems = async function* (file, format, options, skip) {
  const trailer = new Trailer()
  let said
  let number = 0
  for await (const list of formats[format].read(openInput(file), options)) {
    const items = []
    for (const item of list) {
      if (item.trailer) {
        said = item.trailer
        continue
      }
      if (options.check) trailer.add(`${item.source}\n`)
      if (number++ >= skip) items.push(item)
    }
    yield items
  }
  const complaint = options.check && trailer.complaint(said)
  if (complaint) throw new Incomplete(`${file === '-' ? 'the input' : file}: ${complaint}`)
}

const run = async (file, options, ui) => {
  const format = formatOf(file, options)
  const resume = new Resume(options.resume, file)
  const store = await openStore(options.url, options)
  const rejects = new Rejects(options, ui.tell, resume.done > 0)
  const pump = new Pump(store, options, rejects)
  let progress
  try {
    return await watched(options.timeout, async (signal, alive) => {
      let total
      if (isRegular(file) && options.check) {
        const { items, complaint } = await inspect(file, format, options, alive)
        if (complaint) throw new Incomplete(`${file}: ${complaint}. Nothing was saved`)
        total = items
      }
      const skip = resume.done
      if (skip > 0) ui.tell(`goes on behind the first ${skip} records`)
      progress = new Progress('import', options, total)
      const work = async (batch) => {
        for (const item of batch) if (item.problem) rejects.add(item, item.problem)
        await pump.save(batch.filter(({ record }) => record))
      }
      const settled = (done) => {
        alive()
        if (!options.dryRun) resume.note(skip + done)
        progress.update(skip + done, rejects.count)
      }
      try {
        await inBatches(readItems(file, format, options, skip), work, options, signal, settled)
      } catch (error) {
        if (!options.dryRun) resume.write()
        throw error
      }
      resume.remove()
      progress.stop()
      const result = {
        saved: pump.saved,
        skipped: pump.skipped,
        rejected: rejects.count,
        ...(skip > 0 && { before: skip })
      }
      ui.result(
        result,
        `${options.dryRun ? 'would save' : 'saved'} ${pump.saved} pairs, skipped ${pump.skipped}, rejected ${rejects.count}`
      )
      return rejects.count > 0 ? CODES.different : CODES.done
    })
  } catch (error) {
    error.message += `\n${pump.saved} pairs are saved${options.resume ? `; the same command goes on with --resume ${options.resume}` : ''}`
    throw error
  } finally {
    progress?.stop()
    rejects.close()
    await store.quit()
  }
}

module.exports = { run }
