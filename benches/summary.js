/** Of several runs, the median of each figure and how far it spreads. */

const summary = (runs) =>
  Object.fromEntries(
    Object.keys(runs[0]).map((figure) => {
      const sorted = runs.map((run) => run[figure]).sort((a, b) => a - b)
      return [figure, { median: sorted[sorted.length >> 1], low: sorted[0], high: sorted.at(-1) }]
    })
  )

module.exports = { summary }
