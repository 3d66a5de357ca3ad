/**
 * `npm run package`: the packages as they are published, in dist/. The main one has no binary; each
 * platform's has nothing else. `npm run package -- linux-x64-musl` makes the main one and that.
 */

const fs = require('node:fs')
const path = require('node:path')
const manifest = require('../../package.json')
const { canCompile, compile } = require('./compile')
const { cratesOf, noticesOf } = require('./crates')
const { inspect } = require('./inspect')
const { PLATFORMS } = require('./platforms')
const { sbomOf } = require('./sbom')
const { ROOT, npm } = require('./tools')

const DIST = path.join(ROOT, 'dist')
const STAGE = path.join(ROOT, 'target', 'package')
const FILE = `${manifest.name}.node`
/** Of a binary, in bytes. */
const HEAVIEST = 4_500_000

const { version, license, author, repository, homepage, bugs, engines } = manifest
const shared = { version, license, author, repository, homepage, bugs, engines }

const packageName = ({ name }) => `${manifest.name}-${name}`

const stage = (name, json) => {
  const folder = path.join(STAGE, name)
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(json, null, 2)}\n`)
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'))
  return folder
}

const pack = (folder) => {
  const args = ['pack', folder, '--json', '--ignore-scripts', '--pack-destination', DIST]
  const [{ filename, size, unpackedSize }] = JSON.parse(npm(args))
  return { file: filename, packed: size, unpacked: unpackedSize }
}

/** Not by `require`, which bundlers take for the bundle's own. */
const INDEX = `const path = require('node:path')

process.dlopen(module, path.join(__dirname, '${FILE}'))
`

const packPlatform = (platform) => {
  const name = packageName(platform)
  const { os, cpu, libc } = platform
  const folder = stage(name, {
    name,
    description: `The native binary of ${manifest.name} for ${platform.name}`,
    ...shared,
    main: 'index.js',
    files: ['index.js', FILE, 'NOTICES'],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    preferUnplugged: true
  })
  const binary = path.join(folder, FILE)
  fs.copyFileSync(compile(platform), binary)
  const needs = inspect(binary, platform)
  const { size } = fs.statSync(binary)
  if (size > HEAVIEST) throw new Error(`${name}: a binary of ${size} bytes is too heavy`)
  fs.writeFileSync(path.join(folder, 'index.js'), INDEX)
  fs.writeFileSync(path.join(folder, 'NOTICES'), noticesOf(cratesOf(platform.rust)))
  const readme = `# ${name}\n\nThe native binary of \`${manifest.name}\` for ${platform.name}. Install that instead.\n`
  fs.writeFileSync(path.join(folder, 'README.md'), readme)
  return { ...pack(folder), needs }
}

/** As in the repository, but for what only work on it needs, and with the binaries' packages. */
const packMain = () => {
  const { devDependencies, scripts, files, ...kept } = manifest
  const own = files.filter((name) => !name.includes('*'))
  const folder = stage(manifest.name, {
    ...kept,
    files: own,
    scripts: { build: scripts.build },
    optionalDependencies: Object.fromEntries(
      PLATFORMS.map((platform) => [packageName(platform), version])
    )
  })
  for (const name of [...own, 'README.md']) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
  }
  return pack(folder)
}

const main = () => {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((name) => !PLATFORMS.some((platform) => platform.name === name))
  if (unknown.length > 0) throw new Error(`no such platform: ${unknown.join(', ')}`)
  fs.mkdirSync(DIST, { recursive: true })
  const rows = [{ ...packMain(), needs: '' }]
  for (const platform of PLATFORMS) {
    if (wanted.length > 0 && !wanted.includes(platform.name)) continue
    if (!canCompile(platform)) {
      console.log(`package: ${platform.name} cannot be built on ${process.platform}`)
      continue
    }
    console.log(`package: ${platform.name}`)
    rows.push(packPlatform(platform))
  }
  fs.writeFileSync(path.join(DIST, `${manifest.name}-${version}.cdx.json`), sbomOf(PLATFORMS))
  console.table(rows)
}

main()
