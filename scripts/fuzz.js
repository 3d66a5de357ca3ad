/**
 * `npm run fuzz`: feeds the code that reads foreign bytes with inputs that libFuzzer makes out of
 * those in fuzz/corpus/, guided by what they reach. `npm run fuzz -- replies 600` takes its time and
 * keeps what reached more; `npm run fuzz -- replies FILE` runs one input again.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { aptInstall } = require('./apt')

const ROOT = path.join(__dirname, '..')
const PACKAGE = path.join(ROOT, 'fuzz')
const OUTPUT = path.join(ROOT, 'target', 'fuzz')
const CORPUS = path.join(PACKAGE, 'corpus')
const SHORT = 2
/** What one input may take, in seconds. */
const TIMEOUT = 10
/** How libFuzzer's lines of progress begin. */
const PROGRESS = /^(#\d|INFO:|WARNING:|Done )/

const stop = (sentence) => {
  console.error(`fuzz: ${sentence}`)
  process.exit(1)
}

const hasCompiler = () => spawnSync(process.env.CXX ?? 'c++', ['--version']).status === 0

const build = () => {
  if (!hasCompiler() && !(aptInstall('g++') && hasCompiler())) {
    stop('install a C++ compiler, which libFuzzer is built with, then run this again.')
  }
  const args = ['build', '--locked', '--quiet']
  const { status } = spawnSync('cargo', args, { cwd: PACKAGE, stdio: 'inherit' })
  if (status !== 0) stop('the targets did not build, see above.')
}

const run = (target, ...args) => {
  const program = path.join(ROOT, 'target', 'debug', target)
  const artifacts = path.join(OUTPUT, `${target}-`)
  const options = [`-artifact_prefix=${artifacts}`, `-timeout=${TIMEOUT}`]
  const { status, stderr, error } = spawnSync(program, [...options, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30
  })
  if (error) stop(error.message)
  if (status === 0) return stderr

  const lines = stderr.split('\n').filter((line) => !PROGRESS.test(line))
  console.error(lines.join('\n'))
  const [, found] = /Test unit written to (.+)/.exec(stderr) ?? []
  if (found) {
    const input = fs.readFileSync(found, 'latin1')
    console.error(`fuzz: ${target} failed with the input ${JSON.stringify(input)}`)
    console.error(`fuzz: again: npm run fuzz -- ${target} ${path.relative(ROOT, found)}`)
  }
  return stop(`${target} failed, see above.`)
}

const fuzz = (target, seconds, keeps) => {
  const corpus = path.join(CORPUS, target)
  const fresh = path.join(OUTPUT, `${target}-new`)
  fs.rmSync(fresh, { recursive: true, force: true })
  fs.mkdirSync(fresh, { recursive: true })
  const seed = Math.floor(Math.random() * 2 ** 31)
  const output = run(target, `-max_total_time=${seconds}`, `-seed=${seed}`, fresh, corpus)
  const [, inputs, reached] = /#(\d+)\s+DONE\s+cov: (\d+)/.exec(output)
  console.log(`fuzz: ${target}, ${inputs} inputs, ${reached} places reached, seed ${seed}`)
  if (keeps) {
    const kept = () => fs.readdirSync(corpus).length
    const before = kept()
    // Only what reached a new place: an input for each number of rounds of a loop is too many.
    run(target, '-set_cover_merge=1', '-use_counters=0', corpus, fresh)
    console.log(`fuzz: ${kept() - before} inputs are new in ${path.relative(ROOT, corpus)}`)
  }
}

const main = () => {
  const all = fs.readdirSync(CORPUS).sort()
  const words = process.argv.slice(2)
  const targets = all.includes(words[0]) ? [words.shift()] : all
  const [what] = words
  const seconds = what === undefined ? SHORT : Number(what)
  const isInput = targets.length === 1 && Number.isNaN(seconds) && fs.existsSync(what)
  if (words.length > 1 || !((Number.isInteger(seconds) && seconds > 0) || isInput)) {
    stop(`which of ${all.join(', ')}, and how many seconds or the file with the input?`)
  }
  build()
  if (isInput) {
    run(targets[0], what)
    console.log(`fuzz: ${targets[0]} takes it`)
  } else {
    for (const target of targets) fuzz(target, seconds, what !== undefined)
  }
}

main()
