module.exports = {
  build: (define) => define('man').description('later'),
  examples: [],
  run: async () => 0
}
