#!/usr/bin/env node
const { main } = require('../lib/main')

main(process.argv.slice(2))
