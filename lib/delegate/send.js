const { NativePromise } = require('../shared/globals')
const { isFunction } = require('../clients/shape')

/** Sends a command and promises its reply, whether the client answers by callback or by promise. */
const send = (client, name, ...args) =>
  new NativePromise((resolve, reject) => {
    const answer = client[name](...args, (error, reply) => (error ? reject(error) : resolve(reply)))
    if (isFunction(answer?.then)) answer.then(resolve, reject)
  })

module.exports = { send }
