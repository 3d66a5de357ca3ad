module.exports = {
  build: (define) => define('backup').description('later'),
  examples: [],
  run: async () => 0
}
