import { parseArgs } from 'node:util'
import { allRules, type Rules } from '../../src/log/rules.js'
import { faultText } from './faults.js'
import { type Done, runAll, tasksFor } from './jobs.js'
import { minimize } from './minimize.js'
import { profiles } from './scenario.js'
import { simulate, type Verdict } from './simulate.js'

const usage = `Runs seeded clusters in virtual time, and checks every promise.

  npm run simulate -- --seeds 1000              a thousand seeds, from --from (1)
  npm run simulate -- --seed 42 --trace         one seed, with all that happens
  npm run simulate -- --mutant possession       without one of the rules: it must fail

  --profile NAME   ${Object.keys(profiles).join(', ')}; or all
  --mutant NAME    ${Object.keys(allRules).join(', ')}
  --jobs N         threads (one a processor)
  --keep-going     don't stop at the first failure
  --no-minimize    don't cut the faults of a failure down
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    profile: { type: 'string', default: 'swarm' },
    mutant: { type: 'string' },
    jobs: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    'no-minimize': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const rulesFor = (mutant: string | undefined): Partial<Rules> | undefined => {
  if (mutant === undefined) return undefined
  if (!(mutant in allRules)) throw new RangeError(`no rule ${mutant}`)
  return { [mutant]: false }
}

const rules = rulesFor(values.mutant)

const sum = (verdict: Verdict): string => {
  const { seed, profile, atMs, acknowledged, answers, gaps, installs, split, hash } = verdict
  const what = `${acknowledged} acknowledged, ${answers} answers, ${gaps} gaps, ${installs} views${split ? ', split' : ''}`
  return `${profile} ${seed}: ${(atMs / 1000).toFixed(1)} s, ${what}, ${hash.toString(16)}`
}

const explain = ({ seed, profile, rule, message }: Verdict): void => {
  say(`\nFAILED profile ${profile} seed ${seed}: ${message}`)
  const again = `--profile ${profile} --seed ${seed}${values.mutant ? ` --mutant ${values.mutant}` : ''}`
  say(`again: npm run simulate -- ${again} --trace`)
  if (values['no-minimize'] || rule === undefined) return
  const { faults, verdict } = minimize(rules ? { seed, profile, rules } : { seed, profile }, rule)
  say(`the fewest faults that do it (${faults.length}):`)
  for (const fault of faults) say(`  ${faultText(fault)}`)
  if (verdict) say(`with these: ${verdict.message}`)
}

const runOne = (seed: number): boolean => {
  const options = { seed, profile: values.profile, verbose: values.trace }
  const verdict = simulate(rules ? { ...options, rules } : options)
  for (const line of verdict.lines) say(line)
  if (verdict.rule !== undefined) explain(verdict)
  else say(sum(verdict))
  return verdict.rule === undefined
}

const progressMs = 5000

const runMany = async (from: number, count: number): Promise<boolean> => {
  const names = values.profile === 'all' ? Object.keys(profiles) : [values.profile]
  const tasks = names.flatMap((name) => tasksFor(name, from, count, rules))
  const failed: Verdict[] = []
  const startMs = performance.now()
  let runs = 0
  let toldMs = startMs
  const fail = (verdict: Verdict): void => {
    failed.push(verdict)
    say(`failed: ${verdict.profile} ${verdict.seed}: ${verdict.message}`)
  }
  const on = ({ verdict, unsteady }: Done): 'enough' | undefined => {
    runs++
    if (unsteady) fail({ ...verdict, rule: 'unsteady', message: 'the same seed went two ways' })
    else if (verdict.rule !== undefined) fail(verdict)
    const nowMs = performance.now()
    if (nowMs - toldMs > progressMs) {
      toldMs = nowMs
      const rate = (runs * 1000) / (nowMs - startMs)
      say(`${runs} of ${tasks.length}, ${failed.length} failed, ${rate.toFixed(1)} a second`)
    }
    return failed.length > 0 && !values['keep-going'] ? 'enough' : undefined
  }
  await runAll(tasks, on, ...(values.jobs ? [Number(values.jobs)] : []))
  const seconds = (performance.now() - startMs) / 1000
  for (const verdict of failed) explain(verdict)
  say(`${runs} runs in ${seconds.toFixed(1)} s, ${failed.length} failed`)
  return failed.length === 0
}

if (values.help) say(usage)
else {
  const one = values.seed === undefined ? undefined : Number(values.seed)
  const well = one === undefined ? await runMany(Number(values.from), Number(values.seeds)) : runOne(one)
  process.exitCode = well ? 0 : 1
}
