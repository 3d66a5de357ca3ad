const { target } = require('./platform')

const NAME = 'js-redis-key-store'

/** Of a binary, wherever it lies. */
const FILE = `${NAME}.node`

/** The package with the binary for this process. */
const PACKAGE = `${NAME}-${target}`

/** The variable that names a binary to take, in place of all others. */
const VARIABLE = 'JS_REDIS_KEY_STORE_BINARY'

/** The code of the error of a process that no package is made for. */
const UNKNOWN = 'UNKNOWN_PLATFORM'

module.exports = { FILE, NAME, PACKAGE, UNKNOWN, VARIABLE }
