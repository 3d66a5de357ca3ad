/** Draws the results as SVG: the calls, one chart a setting, and `deleteAllIds` in all of them. */

const fs = require('node:fs')
const path = require('node:path')
const vega = require('vega')
const vegaLite = require('vega-lite')

const OURS = '#c1440e'
const OTHERS = '#8a9ba8'

/** A bar a contender with its median, and a line from the lowest to the highest. */
const bars = (figure) => ({
  width: 150,
  height: { step: 18 },
  layer: [
    {
      mark: 'bar',
      encoding: {
        x: {
          field: `${figure}.median`,
          type: 'quantitative',
          title: null,
          axis: { format: '~s', tickCount: 4 }
        },
        color: {
          condition: { test: "datum.contender === 'this store'", value: OURS },
          value: OTHERS
        }
      }
    },
    {
      mark: { type: 'rule', color: 'black' },
      encoding: {
        x: { field: `${figure}.low`, type: 'quantitative', title: null },
        x2: { field: `${figure}.high` }
      }
    }
  ],
  encoding: { y: { field: 'contender', type: 'nominal', title: null, sort: null } }
})

const head = (text, { rounds, machine }) => ({
  title: { text, subtitle: `medians and range of ${rounds} rounds, ${machine}` },
  background: 'white'
})

const calls = (setting, report) => {
  const values = report.results.filter((result) => result.setting === setting)
  const workloads = [...new Set(values.map(({ workload }) => workload))]
  return {
    ...head(`Calls a second, ${setting}`, report),
    data: { values },
    facet: { field: 'workload', sort: workloads, title: null, header: { labelFontWeight: 'bold' } },
    columns: 4,
    spec: bars('rate'),
    resolve: { scale: { x: 'independent' } }
  }
}

/** Each figure of `deleteAllIds`, and what it says. */
const WIPE = {
  took: 'time, ms',
  slowest: "another client's slowest PING, ms",
  grown: 'resident size grows by, MB'
}

const wipes = (setting, report) => ({
  ...head(`deleteAllIds, ${setting}`, report),
  data: { values: report.wipes.filter((wipe) => wipe.setting === setting) },
  hconcat: Object.entries(WIPE).map(([figure, title]) => ({ title, ...bars(figure) }))
})

/** Writes `calls-….svg` and `wipes-….svg` of each setting of the report into the directory. */
const draw = async (report, directory) => {
  for (const [kind, { specify, of }] of Object.entries({
    calls: { specify: calls, of: report.results },
    wipes: { specify: wipes, of: report.wipes }
  })) {
    for (const setting of new Set(of.map(({ setting }) => setting))) {
      const { spec } = vegaLite.compile(specify(setting, report))
      const view = new vega.View(vega.parse(spec), { renderer: 'none' })
      const name = setting.replace(/[^a-z0-9]+/gi, '-').toLowerCase()
      fs.writeFileSync(path.join(directory, `${kind}-${name}.svg`), await view.toSVG())
    }
  }
}

module.exports = { draw }
