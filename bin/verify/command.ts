import { Command, Option } from 'commander'
import { examples } from '../examples.js'
import { addDatabaseFlag, faultsFrom, numberFrom, parseServers } from '../flags.js'

/** `carillon verify`; what does it is read in when it is run. */
export const verifyCommand = (): Command =>
  addDatabaseFlag(new Command('verify'))
    .description(
      'Publish and subscribe on every node, by every transport, hopping; then tell what was lost, doubled, out of order or never published. Status 1 if anything was.',
    )
    .addHelpText(
      'before',
      examples([
        'carillon verify',
        'carillon verify --faults all --duration 60',
        'carillon verify --nodes 5 --faults kill,cut --seed 7 --history history.ndjson',
        'carillon verify --server http://10.0.0.1:7400,http://10.0.0.2:7400,http://10.0.0.3:7400',
        'carillon verify --check history.ndjson',
      ]),
    )
    .addOption(new Option('--nodes <number>', 'nodes to start').default(3).argParser(numberFrom(1, 15, true)))
    .addOption(
      new Option('--server <url,…>', 'all nodes of a running cluster, instead; its other users are not disturbed')
        .argParser(parseServers)
        .conflicts('nodes'),
    )
    .addOption(
      new Option('--faults <kill,pause,cut>', 'what to do to the nodes meanwhile, or all; only to those that it starts')
        .default([], 'none')
        .argParser(faultsFrom),
    )
    .addOption(new Option('--duration <seconds>', 'of the load').default(20).argParser(numberFrom(1, 86_400, false)))
    .addOption(new Option('--rate <number>', 'messages a second').default(150).argParser(numberFrom(0.1, 1e5, false)))
    .addOption(new Option('--channels <number>', 'what is read').default(6).argParser(numberFrom(1, 900, true)))
    .addOption(new Option('--subscribers <number>', 'who reads').default(8).argParser(numberFrom(1, 1000, true)))
    .addOption(new Option('--publishers <number>', 'who writes').default(4).argParser(numberFrom(1, 1000, true)))
    .option('--seed <text>', 'repeats the choice of load and faults; their timing is that of the machine')
    .option('--history <file>', 'all that was done and given, one JSON object a line')
    .addOption(
      new Option('--check <file>', 'judge such a history, and run nothing').conflicts(['server', 'faults', 'history']),
    )
    .option('--json', 'the verdict as JSON', false)
    .action(async (flags) => (await import('../verify.js')).verify(flags))
