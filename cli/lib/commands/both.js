/** Two stores, of which a command works on both. */

const { openStore } = require('../store')

/** Opens them; when one cannot be, the other is closed again. */
const openBoth = async (fromUrl, toUrl, options) => {
  const from = await openStore(fromUrl, options, {
    prefix: options.fromKeyPrefix ?? options.keyPrefix
  })
  try {
    const to = await openStore(toUrl, options, {
      prefix: options.toKeyPrefix ?? options.keyPrefix,
      environment:
        process.env.KEY_STORE_TO_PASSWORD === undefined
          ? 'KEY_STORE_PASSWORD'
          : 'KEY_STORE_TO_PASSWORD'
    })
    return [from, to]
  } catch (error) {
    await from.quit()
    throw error
  }
}

module.exports = { openBoth }
