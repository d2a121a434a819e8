import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Argument, Command, Option } from 'commander'
import { type Machine, machine } from '../bin/bench/machine.js'
import { about } from '../bin/bench/report.js'
import { numberFrom } from '../bin/flags.js'
import { tableOf } from '../bin/table.js'
import { answer } from './answer.js'
import { codec } from './codec.js'
import { cursor } from './cursor.js'
import { gate } from './gate.js'
import { type Effort, type Measure, measure } from './measure.js'
import type { Part } from './part.js'
import { publish } from './publish.js'
import { json, shape } from './request.js'
import { ring } from './ring.js'
import { wake } from './wake.js'

export const parts: readonly Part[] = [ring, gate, cursor, codec, answer, json, shape, publish, wake]

interface Flags {
  readonly rounds: number
  readonly ms: number
  readonly json: boolean
  readonly record?: string | true
  readonly compare?: string | true
}

/** Measures by the name of the part and the case. */
interface Record {
  readonly machine: Machine
  readonly measures: { readonly [name: string]: Measure }
}

const recordFile = 'bench/baseline.json'
const places = 1

const names = parts.map(({ name }) => name)

const timeOf = (ns: number): string => (ns < 10_000 ? ns.toFixed(places) : Math.round(ns).toLocaleString('en-US'))

/** In turns of the reference loop, so that a machine that is slower in all things is not taken for slower code. */
const ratioOf = (now: Measure, before: Measure | undefined): string =>
  before ? `${(now.turns / before.turns).toFixed(2)} x` : 'new'

const head = ['part', 'case', 'ns', 'median', 'spread', 'bytes']

const rowOf = (part: string, name: string, measured: Measure, before: Record | undefined): readonly string[] => [
  part,
  name,
  timeOf(measured.ns),
  timeOf(measured.median),
  `${Math.round(measured.spread * 100)} %`,
  Math.round(measured.bytes).toLocaleString('en-US'),
  ...(before ? [ratioOf(measured, before.measures[`${part}: ${name}`])] : []),
]

const fileOf = (given: string | true): string => (given === true ? recordFile : given)

/** What was recorded, or what another checkout that is built does just now. */
const recordOf = async (given: string, wanted: readonly string[], { rounds, ms }: Flags): Promise<Record> => {
  if (given.endsWith('.json')) return JSON.parse(await readFile(given, 'utf8'))
  const args = [join(given, 'dist/bench/parts.js'), ...wanted, '--json', '--rounds', `${rounds}`, '--ms', `${ms}`]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

const run = async (wanted: readonly string[], flags: Flags): Promise<void> => {
  const effort: Effort = { rounds: flags.rounds, roundMs: flags.ms, warmUpMs: 4 * flags.ms }
  const { compare } = flags
  const before = compare === undefined ? undefined : await recordOf(fileOf(compare), wanted, flags)
  const measures: { [name: string]: Measure } = {}
  const rows: (readonly string[])[] = []
  for (const { name: part, cases } of parts) {
    if (wanted.length > 0 && !wanted.includes(part)) continue
    for (const each of cases) {
      const measured = measure(each, effort)
      measures[`${part}: ${each.name}`] = measured
      rows.push(rowOf(part, each.name, measured, before))
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${part}: ${each.name}`)
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  const record: Record = { machine: machine(), measures }
  if (flags.record !== undefined) await writeFile(fileOf(flags.record), `${JSON.stringify(record, null, 2)}\n`)
  if (flags.json) console.log(JSON.stringify(record))
  else {
    const compared = before ? [`compared with ${about(before.machine)}`] : []
    const table = tableOf(before ? [...head, 'ratio'] : head, rows)
    console.log([about(record.machine), ...compared, '', ...table].join('\n'))
  }
}

const command = new Command('bench:parts')
  .description('Measures the parts of the hot path, each alone: CPU time and heap for one operation.')
  .addArgument(new Argument('[part...]', 'all, if none is named').choices(names))
  .addOption(new Option('--rounds <number>', 'of each case').default(15).argParser(numberFrom(1, 1000, true)))
  .addOption(new Option('--ms <number>', 'CPU time of a round').default(40).argParser(numberFrom(1, 10_000, false)))
  .option('--json', 'all that was measured, as JSON', false)
  .option('--record [file]', `keep it to compare with later (${recordFile})`)
  .option('--compare [file]', `also print ratios to what was kept (${recordFile}), or to another folder's build`)
  .action(run)

if (process.argv[1] === fileURLToPath(import.meta.url)) await command.parseAsync()
