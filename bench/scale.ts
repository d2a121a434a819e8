import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { Command, Option } from 'commander'
import { machine } from '../bin/bench/machine.js'
import { numberFrom, numbersFrom } from '../bin/flags.js'
import { say } from '../bin/terminal.js'
import type { Figures } from './scale/figures.js'
import { measure } from './scale/measure.js'
import { scalePage } from './scale/page.js'
import { textOf } from './scale/text.js'

interface Flags {
  readonly html?: string
  readonly json: boolean
  readonly from?: string
  readonly nodes: readonly number[]
  readonly streams: readonly number[]
  readonly rate: number
  readonly quick: boolean
}

const figuresOf = async ({ from, ...wish }: Flags): Promise<Figures> => {
  if (from !== undefined) return JSON.parse(await readFile(from, 'utf8')) as Figures
  const start = performance.now()
  const tell = (text: string): void =>
    say(`${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s, load ${loadavg()[0]?.toFixed(1)}: ${text}`)
  const figures = await measure(wish, machine(), tell)
  return { ...figures, seconds: (performance.now() - start) / 1000 }
}

const run = async (flags: Flags): Promise<void> => {
  const figures = await figuresOf(flags)
  console.log(flags.json ? JSON.stringify(figures) : textOf(figures))
  if (flags.html === undefined) return
  await writeFile(flags.html, scalePage(figures))
  say(`the page is in ${flags.html}`)
}

await new Command('bench:scale')
  .description(
    'What growth costs: the mesh from 1 to 15 nodes, nodes on JetStream to 1,000; measured, counted and modelled.',
  )
  .option('--html <file>', 'a page with plots')
  .option('--json', 'all that was measured, as JSON', false)
  .option('--from <file>', 'measure nothing, but take what --json has told')
  .addOption(
    new Option('--nodes <number,…>', 'sizes of the mesh that are run live; the largest is what models are checked by')
      .default([1, 2, 3, 5, 7], '1,2,3,5,7')
      .argParser(numbersFrom(1, 15)),
  )
  .addOption(
    new Option('--streams <number,…>', 'nodes on JetStream')
      .default([1, 2, 4, 8], '1,2,4,8')
      .argParser(numbersFrom(1, 15)),
  )
  .addOption(
    new Option('--rate <number>', 'messages a second of the live parts')
      .default(1000)
      .argParser(numberFrom(1, 1e5, true)),
  )
  .option('--quick', 'shorter, with fewer repetitions: to look whether it works', false)
  .action(run)
  .parseAsync()
// Connections that are kept open hold it otherwise.
process.exit()
