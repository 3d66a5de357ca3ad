const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const vm = require('node:vm')

/**
 * Another realm with a copy of this module of its own, as test runners make one for each file: its
 * `TypeError`, `Promise` and so on are others than those here, while Node's own modules and addons
 * are shared.
 */
const realm = () => {
  const context = vm.createContext({
    process,
    Buffer,
    URL,
    AbortSignal,
    performance,
    setTimeout,
    clearTimeout
  })
  const loaded = new Map()
  const load = (file) => {
    if (loaded.has(file)) return loaded.get(file).exports
    const module = { exports: {} }
    loaded.set(file, module)
    const own = createRequire(file)
    const require = (name) => {
      const found = own.resolve(name)
      return name.startsWith('.') && found.endsWith('.js') ? load(found) : own(name)
    }
    const names = ['exports', 'require', 'module', '__filename', '__dirname']
    const options = { filename: file, parsingContext: context }
    const run = vm.compileFunction(fs.readFileSync(file, 'utf8'), names, options)
    run(module.exports, require, module, file, path.dirname(file))
    return module.exports
  }
  return {
    createKeyStore: load(require.resolve('../..')),
    /** Runs JavaScript text there. */
    run: (text) => vm.runInContext(text, context)
  }
}

module.exports = { realm }
