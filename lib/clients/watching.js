/**
 * Makes a `watch(client, onChange)` of `install(client, tell)`, which hooks into a client once
 * however many watch it.
 */
const watching = (install) => {
  const watchers = new WeakMap()
  return (client, onChange) => {
    const others = watchers.get(client)
    if (others) return others.push(onChange)
    const own = [onChange]
    watchers.set(client, own)
    install(client, () => {
      for (const call of own) call()
    })
  }
}

module.exports = { watching }
