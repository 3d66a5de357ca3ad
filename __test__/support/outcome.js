/** What a call comes to, as a value that can be compared: also when it rejects or throws. */
const outcome = async (call) => {
  let promise
  try {
    promise = call()
  } catch (error) {
    return `throws ${error.name}`
  }
  try {
    return await promise
  } catch (error) {
    return `rejects ${error.name}`
  }
}

module.exports = { outcome }
