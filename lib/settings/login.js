/**
 * A login as clients take it: what is empty is none, but the password of a user, whom the server may
 * let in without one.
 * @param {{username?: unknown, password?: unknown}} given
 */
const login = ({ username, password }) => {
  const user = username ? String(username) : undefined
  return { username: user, password: password || user ? String(password ?? '') : undefined }
}

module.exports = { login }
