/**
 * `npm run moves`: a million pairs with awkward ids through export, import and export on a server, on a cluster
 * and in a file, in each format; `npm run moves -- 10000000` for as many. The bytes must be the same in the end. So
 * must be what an import comes to that is killed four times; SEED repeats where. Prints the time and the memory of
 * each step, and fails when that is more than 150 MB; with a file, 32 MB more.
 */

const { moves } = require('../moving')

const count = Number(process.argv[2] ?? 1_000_000)
if (!(count > 0)) throw new Error('say how many pairs: npm run moves -- 10000000')

moves(count, { tell: console.log })
