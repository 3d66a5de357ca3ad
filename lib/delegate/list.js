/** A page of a listing, as `src/call.rs` has it, over a client's own commands. */

/** By what is listed: how the names of those keys go on after the stem, and how much of that is left out. */
const LISTED = {
  b: { follows: /^:b:/, skips: 1 },
  e: { follows: /^:e:/, skips: 1 },
  i: { follows: /:b:/, skips: 0 }
}

/** @returns {Promise<string[]>} the cursor of the next page, empty at the end, and what is on this one */
const listIds = async (commands, stem, cursor, listed) => {
  const { follows, skips } = LISTED[listed]
  const { next, names } = await commands.page(stem, cursor)
  const found = names.map((name) => name.slice(stem.length)).filter((name) => follows.test(name))
  return [next, ...found.map((name) => name.slice(skips))]
}

module.exports = { listIds }
