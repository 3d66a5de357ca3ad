/** Credentials providers of tests, and the users that they name. */

const PASSWORD = 'pw'

/** Makes the users known. */
const allow = async ({ command }) => {
  for (const name of ['ann', 'bob']) {
    await command('acl', 'setuser', name, 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
  }
}

const ANN = { username: 'ann', password: PASSWORD }
const BOB = { username: 'bob', password: PASSWORD }

/** A provider that answers when it is told to, and counts how often it was asked. */
const provider = () => {
  const questions = []
  return {
    type: 'async-credentials-provider',
    get asked() {
      return questions.length
    },
    credentials: () => new Promise((resolve, reject) => questions.push({ resolve, reject })),
    /** Answers the last question. */
    answer: (credentials = ANN) => questions.at(-1).resolve(credentials),
    fail: (reason) => questions.at(-1).reject(reason)
  }
}

/** A provider that answers `answers` in turn, the last again and again. */
const prompt = (...answers) => {
  const own = {
    type: 'async-credentials-provider',
    asked: 0,
    credentials: async () => answers[Math.min(own.asked++, answers.length - 1)]
  }
  return own
}

/** What a promise has come to so far. */
const state = async (promise) => {
  const settled = Promise.race([promise, new Promise((resolve) => setImmediate(resolve, 'waits'))])
  return settled.catch((error) => `rejects ${error.code ?? error.name}`)
}

module.exports = { ANN, BOB, allow, prompt, provider, state }
