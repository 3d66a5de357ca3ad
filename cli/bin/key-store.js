#!/usr/bin/env node
require('../lib/main').main(process.argv.slice(2))
