/**
 * The options that a client of redis 4 or newer keeps to itself: its own `duplicate()` hands them to
 * the class it finds as its own, which for this one call is ours.
 */
const capturedOptions = (client) => {
  const prototype = Object.getPrototypeOf(client)
  let options
  function capture(given) {
    options = given
  }
  Object.setPrototypeOf(client, Object.create(prototype, { constructor: { value: capture } }))
  try {
    client.duplicate()
  } finally {
    Object.setPrototypeOf(client, prototype)
  }
  return options
}

module.exports = { capturedOptions }
