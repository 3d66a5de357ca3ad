/** Numbers as options have them. */

const { InvalidArgumentError } = require('commander')

/** A parser of whole numbers from `least` to `most`. */
const whole =
  (least, most = Number.MAX_SAFE_INTEGER) =>
  (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `It must be a whole number from ${least}.`
        : `It must be a whole number from ${least} to ${most}.`
    )
  }

/** Seconds, which may have a fraction. */
const seconds = (text) => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('It must be a number of seconds, more than 0 and at most 86400.')
}

module.exports = { seconds, whole }
