/** `key-store verify`: one store with itself, or two with each other. */

const { Option } = require('commander')
const { oneStore, twoStores } = require('../options/address')
const { add, integrations, progress, screen, showIds, yes } = require('../options/common')
const { selected } = require('../options/selection')
const { confirm } = require('../screen/confirm')
const { number } = require('../screen/progress')
const { steadily } = require('../store/walk')
const { EXIT, usage } = require('../trouble')
const { Comparison } = require('../verify/comparison')
const { Findings } = require('../verify/findings')
const { verifyHalves } = require('../verify/halves')

const build = (define) => {
  const command = define('verify')
    .description(
      'look for halves of pairs that are missing or disagree; or, with two addresses, for what differs'
    )
    .argument('[from]', 'address of a store, which is compared with:')
    .argument('[to]', 'address of another')
  add(
    integrations(command),
    'How:',
    new Option('--repair', 'one store: write a missing half that only one other half claims'),
    new Option('--full', 'two stores: compare each pair; so it is by default'),
    new Option('--quick', 'two stores: compare only how many pairs there are').conflicts('full')
  )
  return screen(progress(showIds(yes(twoStores(oneStore(command), { isBeside: true })))))
}

const one = async (job, options, wanted) => {
  if (options.quick || options.full) throw usage('--quick and --full are for two stores')
  const target = job.open(options)
  if (options.repair) await confirm(job, `Write the missing halves in ${target.name}?`)
  job.screen.start('halves looked at')
  let findings
  let before = 0
  let counts
  await steadily(job, async () => {
    findings = new Findings(job, options)
    before += counts?.repaired ?? 0
    counts = await verifyHalves(job, target, wanted, options, findings)
  })
  const { pairs = 0, disagreeing = 0, shared = 0 } = counts
  // What was written before all was looked at again is not missing any more.
  const [missing, repaired] = [counts.missing ?? 0, counts.repaired ?? 0].map((n) => n + before)
  const parts = [`${number(pairs)} whole pairs`]
  if (shared > 0) parts.push(`${number(shared)} on an external id that another has`)
  parts.push(`${number(missing)} missing halves`, `${number(disagreeing)} that disagree`)
  if (options.repair) parts.push(`${number(repaired)} written`)
  await job.screen.summarize(
    { pairs, missing, disagreeing, shared, repaired, findings: findings.first },
    parts.join(', ')
  )
  return missing + disagreeing > repaired ? EXIT.different : EXIT.done
}

const two = async (job, options, wanted, [fromUrl, toUrl]) => {
  if (options.repair) throw usage('--repair is for one store: leave FROM and TO out')
  const [from, to] = [job.open(options, 'from', fromUrl), job.open(options, 'to', toUrl)]
  const findings = new Findings(job, options)
  const comparison = new Comparison(job, from, to, wanted, findings)
  job.screen.start('pairs compared')
  await (options.quick ? comparison.quick() : comparison.full())
  const { counts } = comparison
  const isSame = findings.count === 0
  const verdict = options.quick
    ? isSame
      ? 'as many pairs in both; whether they are the same was not looked at'
      : 'not as many pairs in both'
    : isSame
      ? 'the same'
      : `${number(findings.count)} differences`
  await job.screen.summarize(
    {
      ...counts,
      differences: findings.count,
      kind: options.quick ? 'quick' : 'full',
      findings: findings.first
    },
    `${verdict}: ${number(counts.from)} pairs in ${from.name}, ${number(counts.to)} in ${to.name}`
  )
  return isSame ? EXIT.done : EXIT.different
}

/** Fails when options were given that are not looked at. */
const refuse = (command, isOf, why) => {
  const isGiven = (option) => command.getOptionValueSource(option.attributeName()) === 'cli'
  const found = command.options.find((option) => isOf(option.long) && isGiven(option))
  if (found) throw usage(`${found.long} ${why}`)
}

const OF_ONE = ['--url', '--password-file']

const run = async (job, options, [from, to], command) => {
  const wanted = selected(options, command)
  if (from !== undefined && to === undefined) {
    throw usage('give two addresses to compare, or none and --url to verify one store')
  }
  if (from === undefined) {
    refuse(command, (long) => /^--(from|to)-/.test(long), 'is for two stores: give FROM and TO')
    return one(job, options, wanted)
  }
  refuse(
    command,
    (long) => OF_ONE.includes(long),
    'is for one store: FROM and TO are arguments, and have --from-password-file and --to-password-file'
  )
  return two(job, options, wanted, [from, to])
}

const examples = [
  'key-store verify --all',
  'key-store verify --integration my-integration --repair',
  'key-store verify redis://old:6379 redis://new:6379 --full'
]

module.exports = { build, examples, run }
