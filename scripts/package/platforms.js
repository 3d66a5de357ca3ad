/**
 * The platforms that binaries are made for: what npm is to know, what Rust calls it, and the oldest
 * system that the binary must run on. `lib/native/load.js` names the same.
 */

const linux = (cpu, libc, rust) => ({
  name: `linux-${cpu}-${libc}`,
  os: 'linux',
  cpu,
  libc: libc === 'gnu' ? 'glibc' : libc,
  rust,
  // The glibc of the oldest Linux that Node 18 is built for.
  floor: libc === 'gnu' ? '2.17' : undefined
})

const other = (os, cpu, rust, more) => ({ name: `${os}-${cpu}`, os, cpu, rust, ...more })

const PLATFORMS = [
  linux('x64', 'gnu', 'x86_64-unknown-linux-gnu'),
  linux('x64', 'musl', 'x86_64-unknown-linux-musl'),
  linux('arm64', 'gnu', 'aarch64-unknown-linux-gnu'),
  linux('arm64', 'musl', 'aarch64-unknown-linux-musl'),
  linux('arm', 'gnu', 'armv7-unknown-linux-gnueabihf'),
  // The macOS that Node 18 asks for.
  other('darwin', 'x64', 'x86_64-apple-darwin', { floor: '10.15' }),
  other('darwin', 'arm64', 'aarch64-apple-darwin', { floor: '11.0' }),
  // Built on Windows itself by Microsoft's tools, elsewhere by GNU's, which zig brings.
  other('win32', 'x64', 'x86_64-pc-windows-msvc', { cross: 'x86_64-pc-windows-gnu' }),
  other('win32', 'arm64', 'aarch64-pc-windows-msvc', { cross: 'aarch64-pc-windows-gnullvm' }),
  other('freebsd', 'x64', 'x86_64-unknown-freebsd')
]

module.exports = { PLATFORMS }
