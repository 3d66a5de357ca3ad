module.exports = {
  build: (define) => define('completion').description('later'),
  examples: [],
  run: async () => 0
}
