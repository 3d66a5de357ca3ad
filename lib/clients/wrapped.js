/**
 * Promise wrappers: objects that give Redis' commands another form, and keep the client that they
 * send them through. An object with a few methods may do more than that with a key, so only those
 * count that have Redis' commands at large.
 */

/** Members that are values: to ask for others would run code. */
const members = (object) =>
  Object.values(Object.getOwnPropertyDescriptors(object)).map(({ value }) => value)

/** The client that such an object keeps, and its family; `undefined` when there is none. */
const wrappedClient = (object, familyOf) => {
  for (const member of members(object)) {
    const family = familyOf(member)
    if (family) return { client: member, family }
  }
  return undefined
}

/** The family of a wrapper: it says of it what its client's says of that, and closes it its own way. */
const wrapperFamily = ({ client, family }, close) => {
  const ofClient = Object.entries(family).map(([name, ask]) => [
    name,
    (_, ...rest) => ask(client, ...rest)
  ])
  return { ...Object.fromEntries(ofClient), close, instance: undefined }
}

module.exports = { wrappedClient, wrapperFamily }
