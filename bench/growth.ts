import { Command, Option } from 'commander'
import type { Machine } from '../bin/bench/machine.js'
import { numberFrom } from '../bin/flags.js'
import { tableOf } from '../bin/table.js'
import type { Load } from './loads.js'
import { Work } from './work.js'

interface Flags {
  readonly json: boolean
  readonly quick: boolean
  readonly retained: number
}

/** For one publish. */
interface Cost extends Load {
  readonly blocks: number
  /** Of CPU time, at all nodes together; only if it was asked for. */
  readonly ns?: number
  readonly spread?: number
}

/** For one publish in a view of so many nodes, at a steady rate. */
interface Share {
  readonly nodes: number
  readonly framesPerMessage: number
  readonly bytesPerMessageAndMember: number
  readonly stepsPerMessageAndNode: number
  /** A second, to all others, when nothing is published. */
  readonly idleBytesPerNode: number
}

const clusterSizes = [1, 3, 5, 7, 15]
const counted = 2000
/** 5,000 messages a second. */
const publishesPerMs = 5
const effort = { rounds: 9, roundMs: 40, warmUpMs: 300 }

// What is counted must be compiled after counting has begun; see `Work`.

const costsOf = async (loads: readonly Load[], work: Work): Promise<Cost[]> => {
  const { prepare } = await import('./loads.js')
  const costs: Cost[] = []
  for (const load of loads) {
    const run = prepare(load)
    run(counted)
    costs.push({ ...load, blocks: (await work.of(() => run(counted))) / counted })
  }
  return costs
}

const shareOf = async (nodes: number): Promise<Share> => {
  const { Company } = await import('./company.js')
  const company = new Company(nodes, {}, true)
  const channels = Array.from({ length: publishesPerMs }, (_, i) => `channel-${i}`)
  for (let ms = 0; ms < 1000; ms++) company.pass([])
  const idle = company.take()
  for (let ms = 0; ms < 1000; ms++) company.pass(channels)
  const { frames, bytes, steps, acknowledged } = company.take()
  return {
    nodes,
    framesPerMessage: frames / acknowledged,
    // Whoever publishes has the message already.
    bytesPerMessageAndMember: nodes > 1 ? bytes / acknowledged / (nodes - 1) : 0,
    stepsPerMessageAndNode: steps / acknowledged / nodes,
    idleBytesPerNode: idle.bytes / nodes,
  }
}

const timed = async (costs: readonly Cost[]): Promise<Cost[]> => {
  const { measure } = await import('./measure.js')
  const { prepare } = await import('./loads.js')
  return costs.map((cost) => {
    const { ns, spread } = measure({ name: '', prepare: () => prepare(cost) }, effort)
    return { ...cost, ns, spread }
  })
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const costTable = (costs: readonly Cost[]): readonly string[] =>
  tableOf(
    ['nodes', 'channels', 'retained', 'waiters elsewhere', 'blocks', 'ns', 'spread'],
    costs.map(({ nodes, channels, retained, waiters, blocks, ns, spread }) => [
      ...[nodes, channels, retained, waiters].map(whole),
      blocks.toFixed(1),
      ns === undefined ? '-' : whole(ns),
      spread === undefined ? '-' : `${Math.round(spread * 100)} %`,
    ]),
  )

const shareTable = (shares: readonly Share[]): readonly string[] =>
  tableOf(
    ['nodes', 'frames/message', 'bytes/message and member', 'steps/message and node', 'idle bytes/s and node'],
    shares.map((share) => [
      String(share.nodes),
      share.framesPerMessage.toFixed(2),
      share.bytesPerMessageAndMember.toFixed(0),
      share.stepsPerMessageAndNode.toFixed(2),
      whole(share.idleBytesPerNode),
    ]),
  )

const run = async ({ json, quick, retained }: Flags): Promise<void> => {
  const work = new Work()
  await work.start()
  const { loadsFor } = await import('./loads.js')
  const counts = await costsOf([...loadsFor(1, retained), ...loadsFor(3, retained)], work)
  const shares: Share[] = []
  for (const nodes of clusterSizes) shares.push(await shareOf(nodes))
  await work.stop()
  const costs = quick ? counts : await timed(counts)
  const { machine } = await import('../bin/bench/machine.js')
  const { about } = await import('../bin/bench/report.js')
  const on: Machine = machine()
  if (json) console.log(JSON.stringify({ machine: on, costs, shares }))
  else {
    const lines = [about(on), '', 'A publish: blocks of code entered, and CPU time, at all nodes together']
    console.log(
      [...lines, ...costTable(costs), '', '5,000 a second, 200 B, through one node', ...shareTable(shares)].join('\n'),
    )
  }
}

await new Command('bench:growth')
  .description('What a publish costs, with more channels, messages kept, waiters on other channels, and nodes.')
  .option('--json', 'all that was measured, as JSON', false)
  .option('--quick', 'count only, take no times', false)
  .addOption(
    new Option('--retained <number>', 'most messages kept').default(1e6).argParser(numberFrom(1000, 1e7, true)),
  )
  .action(run)
  .parseAsync()
