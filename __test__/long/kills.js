/**
 * `npm run kills`: a process that writes to a file is killed 300 times; `npm run kills -- 50` for as many. What it
 * was answered must be there each time, in order, and nothing half.
 */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { rounds } = require('../support/kill-judge')

const PER_FILE = 25

const main = async () => {
  const count = Number(process.argv[2] ?? 300)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-kills-'))
  const seed = Number(process.env.SEED) || Date.now() % 2 ** 31
  let answered = 0
  try {
    for (let n = 0; n < count; n += PER_FILE) {
      const many = Math.min(PER_FILE, count - n)
      answered += await rounds(path.join(folder, `${n}.redb`), many, seed + n)
      console.log(`${n + many} kills, ${answered} calls answered before them: all there`)
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
