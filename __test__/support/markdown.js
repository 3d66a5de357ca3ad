/** What the pages hold: blocks of code, links, headings, and the tests that they name. */

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./programs')

const markdownIn = (directory) =>
  fs
    .readdirSync(path.join(ROOT, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(directory, name))

/** The pages for people, by their path from the root. */
const PAGES = ['.', 'docs', 'benches'].flatMap(markdownIn)

const read = (page) => fs.readFileSync(path.join(ROOT, page), 'utf8')

const FENCE = /^```(\S*)/

/** What stands before a block that the tests cannot run, for everyone to see. */
const NOT_RUN = /^\*Not run by the tests: (.+)\.\*$/

/**
 * The blocks of code of a page: `language`, `text`, the `line` it begins in, the line of text `before`
 * it, and the `reason` why it is not run, if there is one.
 */
const blocksOf = (text) => {
  const blocks = []
  let block
  let before = ''
  text.split('\n').forEach((line, index) => {
    const [fence, language] = FENCE.exec(line) ?? []
    if (block && fence) {
      blocks.push({ ...block, text: `${block.lines.join('\n')}\n` })
      block = undefined
    } else if (block) {
      block.lines.push(line)
    } else if (fence) {
      block = { language, line: index + 1, before, reason: NOT_RUN.exec(before)?.[1], lines: [] }
    }
    if (line !== '') before = line
  })
  return blocks
}

/** The page without its blocks of code. */
const proseOf = (text) => text.replace(/^```[\s\S]*?^```$/gm, '')

/** Where a page's links and pictures lead. */
const linksOf = (text) =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (text) =>
  [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
  )

/** The tests that a page names: `file` and `name`. */
const testsNamedIn = (text) =>
  [...text.matchAll(/`([\w/.-]+\.(?:js|rs))`: `([^`]+)`/g)].map(([, file, name]) => ({
    file: file.endsWith('.js') ? path.posix.join('__test__', file) : file,
    name: name.replace(/\s+/g, ' ')
  }))

module.exports = { PAGES, anchorsOf, blocksOf, linksOf, proseOf, read, testsNamedIn }
