/** The question before something is lost. */

const readline = require('node:readline/promises')
const { incomplete, usage } = require('../trouble')

/** Whether somebody sits there to answer. */
const isAsked = () => Boolean(process.stdin.isTTY && process.stderr.isTTY)

/**
 * Returns when the answer is yes, or `--yes` was given.
 * @param {import('../job').Job} job
 * @param {string} question
 */
const confirm = async (job, question) => {
  if (job.isSure) return
  if (!isAsked()) throw usage('there is no terminal to ask on: add --yes to do it')
  const prompt = readline.createInterface({ input: process.stdin, output: process.stderr })
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    job.pause()
    // Closed in place of an answer, by ^D say, it rejects.
    const asked = prompt.question(`${question} [y/N] `).catch(() => '')
    const answer = await job.within(asked)
    if (!/^y(es)?$/i.test(answer.trim())) throw incomplete('nothing was done')
  } finally {
    prompt.close()
    job.touch()
  }
}

module.exports = { confirm }
