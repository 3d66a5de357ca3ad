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
  typescript: '5'
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

/** A route that uses the package, and a program that asks the server it is built into for it. */
const next = (project, bundler) => {
  project.npm('install', 'next@16', 'react@19', 'react-dom@19')
  project.write(
    'next.config.js',
    `module.exports = {
      output: 'standalone', outputFileTracingRoot: __dirname, turbopack: { root: __dirname },
      serverExternalPackages: ['${NAME}']
    }`
  )
  const page = (text) => `export default function Page({ children }) { return ${text} }`
  project.write('app/layout.js', page('<html><body>{children}</body></html>'))
  project.write('app/page.js', page('<p>here</p>'))
  project.write(
    'app/api/route.js',
    `import createKeyStore from '${NAME}'
    export const dynamic = 'force-dynamic'
    export async function GET() {
      const store = createKeyStore(process.env.TEST_URL)
      const saved = await store.saveIds('i', 1, 'x')
      return new Response([store.native, saved, await store.getBotmaticId('i', 'x')].join(' '))
    }`
  )
  project.run(process.execPath, 'node_modules/next/dist/bin/next', 'build', bundler)
  project.write(
    'ask.js',
    `const { once } = require('node:events')
    const net = require('node:net')
    const main = async () => {
      const free = net.createServer().listen(0)
      await once(free, 'listening')
      const { port } = free.address()
      free.close()
      const env = { ...process.env, PORT: port, HOSTNAME: '127.0.0.1' }
      const options = { env, stdio: ['ignore', 'pipe', 'inherit'] }
      const server = require('node:child_process').spawn(process.execPath, ['.next/standalone/server.js'], options)
      for await (const text of server.stdout) if (/Ready/.test(text)) break
      console.log(await (await fetch('http://127.0.0.1:' + port + '/api')).text())
      server.kill()
    }
    main()`
  )
  project.expectNative(process.execPath, 'ask.js')
}

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

Object.assign(
  cases,
  Object.fromEntries(
    ['--turbopack', '--webpack'].map((bundler) => [
      `Next.js standalone, ${bundler}, with its setting`,
      (project) => next(project, bundler)
    ])
  )
)

module.exports = { cases, modules, folder: 'bundlers', isInstalled: true }
