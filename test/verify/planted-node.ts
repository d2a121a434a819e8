import { Command, Option } from 'commander'
import { addNodeFlags } from '../../bin/flags.js'
import { start } from '../../bin/start.js'
import { type Planted, plantedNode } from './planted.js'

// `carillon start`, but for a fault that is planted in it: the first argument names it.
const [name, ...args] = process.argv.slice(2)

await addNodeFlags(new Command('start'))
  .addOption(new Option('--tethered'))
  .action((flags) => start(flags, (given) => plantedNode(name as Planted, given)))
  .parseAsync(args, { from: 'user' })
