/** Starts what is measured, each in a process of its own, and asks it. */

const { fork } = require('node:child_process')
const path = require('node:path')

/** A process of contender.js: `ask(question, value)` resolves to its answer. */
const start = (name) => {
  const child = fork(path.join(__dirname, 'contender.js'))
  const ask = (question, value) =>
    new Promise((resolve, reject) => {
      const died = () => reject(new Error(`${name} ended on ${question}`))
      child.once('exit', died)
      child.once('message', ({ answer }) => {
        child.removeListener('exit', died)
        resolve(answer)
      })
      child.send({ ask: question, value })
    })
  const close = () =>
    new Promise((resolve) => {
      child.once('exit', resolve)
      child.send({ ask: 'close' })
    })
  return { name, ask, close }
}

/** The contender of this name, connected; `undefined` when it cannot connect so. */
const startContender = async (name, where) => {
  const contender = start(name)
  if (await contender.ask('open', { name, where })) return contender
  await contender.close()
}

module.exports = { start, startContender }
