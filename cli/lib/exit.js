/** How a command ends: its exit code, and what is said when it is not 0. */

const CODES = { done: 0, different: 1, usage: 2, incomplete: 3 }

/** What the user asked for makes no sense. */
class UsageError extends Error {
  exitCode = CODES.usage
}

/** What was asked for is not done, or not in full. */
class Incomplete extends Error {
  exitCode = CODES.incomplete
}

/** The exit code of what a command failed with. */
const exitCodeOf = (error) => error?.exitCode ?? CODES.incomplete

module.exports = { CODES, Incomplete, UsageError, exitCodeOf }
