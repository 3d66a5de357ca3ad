/** Preloaded into a process: writes the most memory that was resident, in kB, to the file in `KEY_STORE_PEAK`. */

const fs = require('node:fs')

/** Linux: the one of `resourceUsage` may be of the process that started this one. */
const STATUS = '/proc/self/status'

process.on('exit', () => {
  const peak = fs.existsSync(STATUS)
    ? /VmHWM:\s+(\d+)/.exec(fs.readFileSync(STATUS, 'utf8'))[1]
    : process.resourceUsage().maxRSS
  fs.writeFileSync(process.env.KEY_STORE_PEAK, `${peak}`)
})
