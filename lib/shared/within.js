const { NativePromise, clearTimeout, setTimeout } = require('./globals')

/** The same promise, but rejected when it takes longer than `limit` ms. */
const within = (limit, promise) => {
  let timer
  const late = new NativePromise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit} ms`)), limit)
  })
  return NativePromise.race([promise, late]).finally(() => clearTimeout(timer))
}

module.exports = { within }
