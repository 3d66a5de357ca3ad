/** Bundlers: what they make runs beside node_modules, and elsewhere with the binary beside it. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { TOOLS } = require('../package/tools')
const { NAME, useModule } = require('./project')

const MODULES = path.join(TOOLS, 'bundlers', 'node_modules')
const inTools = (name) => JSON.stringify(path.join(MODULES, name))
const script = (name, ...names) => path.join(MODULES, name, ...names)

const modules = {
  esbuild: '0.28',
  webpack: '5',
  rollup: '4',
  '@rollup/plugin-commonjs': '*',
  '@rollup/plugin-node-resolve': '*',
  vite: '7',
  '@vercel/ncc': '*',
  tsup: '8',
  typescript: '5',
  next: '16',
  react: '19',
  'react-dom': '19'
}

/** What was bundled into out/ runs where it is, and in an empty folder with the binary copied there. */
const expectRuns = (project, file, { isComplete = false } = {}) => {
  project.expectNative(process.execPath, path.join('out', file))
  const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'key-store-elsewhere-'))
  fs.cpSync(project.path('out'), elsewhere, { recursive: true })
  const [binary] = fs
    .readdirSync(project.path('node_modules'))
    .filter((name) => name.startsWith(`${NAME}-`))
    .map((name) => project.path('node_modules', name, `${NAME}.node`))
  if (!isComplete) fs.copyFileSync(binary, path.join(elsewhere, `${NAME}.node`))
  project.expectNative(process.execPath, path.join(elsewhere, file))
  fs.rmSync(elsewhere, { recursive: true })
}

const viteConfig = (noExternal) => `
  require(${inTools('vite')}).build({
    logLevel: 'error',
    ssr: { noExternal: ${noExternal}, target: 'node' },
    build: { ssr: 'program.mjs', outDir: 'out', rollupOptions: { output: { format: 'cjs', entryFileNames: 'program.cjs' } } }
  })`

const cases = {
  esbuild: (project) => {
    const options = ['--bundle', '--platform=node', '--outfile=out/program.js', '--log-level=error']
    project.run(script('@esbuild', 'linux-x64', 'bin', 'esbuild'), 'program.js', ...options)
    expectRuns(project, 'program.js')
  },
  'webpack 5': (project) => {
    project.write(
      'build.js',
      `require(${inTools('webpack')})({
        entry: './program.js', target: 'node', mode: 'production',
        output: { path: __dirname + '/out', filename: 'program.js' }
      }, (error, stats) => {
        if (error || stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only'))
      })`
    )
    project.run(process.execPath, 'build.js')
    expectRuns(project, 'program.js')
  },
  Rollup: (project) => {
    project.write(
      'build.js',
      `const plugin = (name) => { const made = require(name); return (made.default ?? made)() }
      require(${inTools('rollup')}).rollup({
        input: 'program.js', logLevel: 'silent',
        plugins: [plugin(${inTools('@rollup/plugin-node-resolve')}), plugin(${inTools('@rollup/plugin-commonjs')})]
      }).then((bundle) => bundle.write({ format: 'cjs', file: 'out/program.js' }))`
    )
    project.run(process.execPath, 'build.js')
    expectRuns(project, 'program.js')
  },
  'vite ssr': (project) => {
    project.write('program.mjs', useModule())
    project.write('build.js', viteConfig('undefined'))
    project.run(process.execPath, 'build.js')
    project.expectNative(process.execPath, 'out/program.cjs')
  },
  'vite ssr, noExternal': (project) => {
    project.write('program.mjs', useModule())
    project.write('build.js', viteConfig('true'))
    project.run(process.execPath, 'build.js')
    expectRuns(project, 'program.cjs')
  },
  ncc: (project) => {
    project.run(
      process.execPath,
      script('@vercel', 'ncc', 'dist', 'ncc', 'cli.js'),
      'build',
      'program.js',
      '-o',
      'out',
      '-q'
    )
    expectRuns(project, 'index.js', { isComplete: true })
  },
  'tsup, noExternal': (project) => {
    const options = `{ entry: ['program.js'], noExternal: [/.*/], outDir: 'out', silent: true }`
    project.write('tsup.config.js', `module.exports = ${options}`)
    project.run(process.execPath, script('tsup', 'dist', 'cli-default.js'))
    expectRuns(project, 'program.js')
  }
}

module.exports = { cases, modules, folder: 'bundlers', isInstalled: true }
