/** Which integrations a command works on. */

const { usage } = require('../trouble')

/**
 * Their ids, each once; `undefined` for all of them.
 * @param {{integration?: string | string[], all?: boolean}} options
 * @param {import('commander').Command} command
 */
const selected = ({ integration, all }, command) => {
  if (all) {
    if (command.getOptionValueSource('integration') === 'cli') {
      throw usage('--integration and --all: give one of them')
    }
    return undefined
  }
  return integration === undefined ? undefined : [...new Set([integration].flat())]
}

/** The integration of a command on one of them. */
const theIntegration = ({ integration }) => {
  if (integration === undefined) {
    throw usage('no integration is named: give --integration, or set KEY_STORE_INTEGRATION')
  }
  return integration
}

module.exports = { selected, theIntegration }
