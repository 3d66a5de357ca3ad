module.exports = {
  build: (define) => define('compact').description('later'),
  examples: [],
  run: async () => 0
}
