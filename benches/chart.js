/** Draws the results as SVG, one chart a setting. */

const fs = require('node:fs')
const path = require('node:path')
const vega = require('vega')
const vegaLite = require('vega-lite')

const specification = (setting, { machine, rounds, results }) => ({
  title: {
    text: `Calls a second, ${setting}`,
    subtitle: `medians of ${rounds} rounds, ${machine}`
  },
  background: 'white',
  data: { values: results.filter((result) => result.setting === setting) },
  mark: 'bar',
  width: 150,
  height: 90,
  encoding: {
    facet: { field: 'workload', columns: 4, title: null, sort: null },
    y: { field: 'contender', title: null, sort: null },
    x: { field: 'rate', type: 'quantitative', title: null, axis: { format: 's', tickCount: 4 } },
    color: {
      legend: null,
      condition: { test: "datum.contender === 'this store'", value: '#c1440e' },
      value: '#8a9ba8'
    }
  },
  resolve: { scale: { x: 'independent' } }
})

/** Writes `chart-<setting>.svg` into the directory for each setting of the report. */
const draw = async (report, directory) => {
  for (const setting of new Set(report.results.map((result) => result.setting))) {
    const { spec } = vegaLite.compile(specification(setting, report))
    const view = new vega.View(vega.parse(spec), { renderer: 'none' })
    const name = `chart-${setting.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.svg`
    fs.writeFileSync(path.join(directory, name), await view.toSVG())
  }
}

module.exports = { draw }
