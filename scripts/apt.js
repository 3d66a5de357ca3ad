const { spawnSync } = require('node:child_process')

/** Installs a Debian package, as root or by a sudo that asks nothing; tells whether it did. */
const aptInstall = (name) => {
  if (process.platform !== 'linux') return false
  // RUNLEVEL: the package's own service is not started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = process.getuid() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get']
  const run = (...args) => {
    const [command, ...rest] = [...apt, ...args]
    console.log(`setup: ${[command, ...rest].join(' ')}`)
    return spawnSync(command, rest, { stdio: 'inherit', env }).status === 0
  }
  return run('update', '-qq') && run('install', '-y', '-qq', '--no-install-recommends', name)
}

module.exports = { aptInstall }
