/** The version of this package, which a binary must have too. */
module.exports = { VERSION: '2.0.0' }
