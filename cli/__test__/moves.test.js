/** Pairs with awkward ids from files into each kind of store and back; a million of them: `npm run moves`. */

const { moves } = require('./moving')

moves(6_000, { slowly: ['--rate', '3000', '--batch', '100'] })
