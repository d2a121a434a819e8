import { Argument, Command, CommanderError, Option, type OutputConfiguration } from 'commander'
import { type OptionName, optionNames } from '../src/options.js'
import { version } from '../src/version.js'
import { transports, workloads } from './bench/plan.js'
import { examples } from './examples.js'
import { Failure } from './failure.js'
import {
  addConfigFlag,
  addDatabaseFlag,
  addNodeFlags,
  addServerFlags,
  clusterOptions,
  localServers,
  numberFrom,
  numbersFrom,
  parseServers,
} from './flags.js'
import { verifyCommand } from './verify/command.js'

// Each command is loaded when it is run: to publish one message, no node has to be read in.

const startCommand = (): Command =>
  addNodeFlags(addConfigFlag(new Command('start')))
    .description(
      'Run one node in the foreground. Flags can be given as CARILLON_… too, the secret itself as CARILLON_SECRET.',
    )
    .addHelpText(
      'before',
      examples([
        'carillon start',
        'carillon start --peer-listen 10.0.0.1:7500 --join 10.0.0.2:7500,10.0.0.3:7500 --secret-file /etc/carillon/secret',
        'carillon start --config /etc/carillon.toml',
        'CARILLON_LOG_LEVEL=warn carillon start --listen 127.0.0.1:8400 --peer-listen 127.0.0.1:8500',
      ]),
    )
    .addOption(new Option('--tethered').hideHelp())
    .action(async (flags) => (await import('./start.js')).start(flags))

const clusterCommand = (): Command => {
  const shared = optionNames.filter((name: OptionName) => !clusterOptions.includes(name))
  const command = new Command('cluster')
    .description('Run several nodes on this machine, and start anew whichever dies. Ctrl-C ends all.')
    .addHelpText('before', examples(['carillon cluster', 'carillon cluster --nodes 5 --port 8400 --peer-port 8500']))
    .addOption(new Option('--nodes <number>', 'how many').default(3).argParser(numberFrom(1, 15, true)))
    .addOption(
      new Option('--port <number>', 'client port of the first; 0 takes free ones')
        .default(7400)
        .argParser(numberFrom(0, 65_535, true)),
    )
    .addOption(
      new Option('--peer-port <number>', 'peer port of the first; 0 takes free ones')
        .default(7500)
        .argParser(numberFrom(0, 65_535, true)),
    )
  return addNodeFlags(addConfigFlag(command), shared).action(async (flags) =>
    (await import('./cluster.js')).cluster(flags),
  )
}

const publishCommand = (): Command =>
  addDatabaseFlag(addServerFlags(new Command('publish')))
    .description('Publish one message, or one JSON object a line of standard input. Prints the ids.')
    .addHelpText(
      'before',
      examples([
        `carillon publish hello '{"text":"hi"}'`,
        'carillon publish events < events.ndjson',
        `carillon publish orders '{"order":17}' --key order-17 --min-copies 2`,
      ]),
    )
    .argument('<channel>')
    .argument('[json]', 'a JSON object')
    .option('--key <text>', 'idempotency key: however often it is published, it is delivered once')
    .addOption(
      new Option('--ack <when>', 'all: once every member holds it; local: at once')
        .choices(['all', 'local'])
        .default('all'),
    )
    .addOption(
      new Option('--min-copies <number>', 'refuse to publish to fewer nodes')
        .default(1)
        .argParser(numberFrom(1, 256, true)),
    )
    .option('--progress', 'how many are published, and how fast; on a terminal it is shown without being asked for')
    .action(async (channel, json, flags) => (await import('./publish.js')).publish(channel, json, flags))

const subscribeCommand = (): Command =>
  addDatabaseFlag(addServerFlags(new Command('subscribe')))
    .description(
      'Print one JSON line a message. Goes on at another node when one fails; says so where messages are missing.',
    )
    .addHelpText(
      'before',
      examples([
        'carillon subscribe hello',
        'carillon subscribe orders invoices --from earliest --count 10',
        'carillon subscribe events --server http://10.0.0.1:7400,http://10.0.0.2:7400 | jq .message',
      ]),
    )
    .argument('<channel...>')
    .option('--from <position>', 'now, earliest, or a cursor', 'now')
    .addOption(
      new Option('--count <number>', 'end after so many messages; 0 is never')
        .default(0)
        .argParser(numberFrom(0, 1e9, true)),
    )
    .addOption(new Option('--transport <name>', 'how messages come').choices(['poll', 'sse', 'ws']).default('poll'))
    .option('--quiet', 'tell of nothing but gaps and failures', false)
    .action(async (channels, flags) => (await import('./subscribe.js')).subscribe(channels, flags))

const notifyCommand = (): Command =>
  addDatabaseFlag(addServerFlags(new Command('notify')))
    .description('Show a notification in the Tryton clients of a user, or in one client. Prints its id.')
    .addHelpText(
      'before',
      examples([
        `carillon notify 'Backup done' --user 1 --database tryton`,
        `carillon notify 'Hello' --body 'How are you?' --priority 2 --client 6f1c5f0e --database tryton`,
      ]),
    )
    .argument('<title>')
    .option('--body <text>', 'what stands below the title')
    .addOption(new Option('--priority <number>', '0 to 3').default(1).argParser(numberFrom(0, 3, true)))
    .option('--user <id>', 'every client of this user')
    .option('--client <id>', 'this client')
    .action(async (title, flags) => (await import('./notify.js')).notify(title, flags))

const statusCommand = (): Command =>
  addServerFlags(new Command('status'))
    .description('Show the members and rates of a cluster, as one node sees them. Status 3 if that node is not ready.')
    .addHelpText(
      'before',
      examples(['carillon status', 'carillon status --watch', 'carillon status --json --server http://10.0.0.1:7400']),
    )
    .option('--json', 'as the node says it', false)
    .addOption(new Option('--watch [seconds]', 'again and again').argParser(numberFrom(0.1, 3600, false)))
    .action(async (flags) => (await import('./status.js')).status(flags))

const healthCommand = (): Command =>
  new Command('health')
    .description('Status 0 if the node is ready, else 1: for HEALTHCHECK of a container, and whatever else asks so.')
    .addHelpText('before', examples(['carillon health', 'carillon health --server http://10.0.0.1:7400 --timeout 1']))
    .addOption(
      new Option('--server <url,…>', 'nodes to ask, all of which must be ready')
        .env('CARILLON_SERVER')
        .default([localServers[0] ?? ''], localServers[0])
        .argParser(parseServers),
    )
    .addOption(new Option('--timeout <seconds>', 'for an answer').default(3).argParser(numberFrom(0.1, 3600, false)))
    .action(async (flags) => (await import('./health.js')).health(flags))

const benchCommand = (): Command =>
  addDatabaseFlag(new Command('bench'))
    .description(
      `Measure throughput and latency, of a cluster of its own or of servers given. Workloads: ${workloads.join(', ')}; all.`,
    )
    .addHelpText(
      'before',
      examples([
        'carillon bench',
        'carillon bench all --nodes 3 --html report.html',
        'carillon bench --spread --transport ws',
        'carillon bench publish --nodes 1,3,5,7 --through 1 --rate 5000',
        'carillon bench publish --rate 5000 --size 200 --duration 30 --server http://10.0.0.1:7400,http://10.0.0.2:7400',
      ]),
    )
    .argument('[workload...]', 'fan-out, if none is given')
    .addOption(
      new Option('--nodes <number,…>', 'nodes to start; of several numbers, one cluster after the other')
        .default([1], '1')
        .argParser(numbersFrom(1, 15)),
    )
    .addOption(new Option('--server <url,…>', 'servers to measure instead').argParser(parseServers))
    .addOption(new Option('--subscribers <number>', 'who reads').argParser(numberFrom(0, 100_000, true)))
    .addOption(new Option('--channels <number>', 'what is read').argParser(numberFrom(1, 1e6, true)))
    .addOption(new Option('--publishers <number>', 'who writes').argParser(numberFrom(0, 10_000, true)))
    .addOption(
      new Option('--through <number>', 'publish through so many of the nodes, not all').argParser(
        numberFrom(1, 1000, true),
      ),
    )
    .addOption(
      new Option(
        '--rate <number>',
        'messages a second, sent in time however long they take; 0: the next when one is through',
      )
        .default(0)
        .argParser(numberFrom(0, 1e6, false)),
    )
    .addOption(new Option('--size <bytes>', 'of a message').default(200).argParser(numberFrom(80, 1e6, true)))
    .addOption(new Option('--duration <seconds>', 'of each run').default(10).argParser(numberFrom(0.5, 86_400, false)))
    .addOption(new Option('--warmup <seconds>', 'before it').default(2).argParser(numberFrom(0, 3600, false)))
    .addOption(
      new Option('--repeat <number>', 'runs of each, for a median').default(1).argParser(numberFrom(1, 100, true)),
    )
    .addOption(new Option('--transport <name>', 'how messages come').choices([...transports]).default('poll'))
    .option(
      '--spread',
      'instead: how evenly 3,000 clients of the library lie on three nodes before, during and after a restart of all',
      false,
    )
    .addOption(new Option('--workers <number>', 'processes that make the load').argParser(numberFrom(1, 64, true)))
    .option('--json', 'all that was measured, as JSON', false)
    .option('--html <file>', 'a page with plots')
    .addOption(new Option('--worker').hideHelp())
    .action(async (given, flags, command: Command) => {
      const isAsked = (name: string): boolean => command.getOptionValueSource(name) !== 'default'
      if (flags.worker) await (await import('./bench/worker.js')).work()
      else if (flags.spread) await (await import('./bench/spread.js')).spread(flags, isAsked)
      else await (await import('./bench.js')).bench(given, flags)
    })

const tokenCommand = (): Command =>
  new Command('token')
    .description('Print a token for nodes that run with --auth jwt. * in a pattern stands for any characters.')
    .addHelpText(
      'before',
      examples([
        `carillon token --secret-file jwt-secret --publish 'orders.*' --subscribe '*'`,
        `CARILLON_TOKEN=$(carillon token --secret-file jwt-secret --subscribe hello) carillon subscribe hello`,
        'carillon token --key-file private.pem --admin --expires 300',
      ]),
    )
    .option('--secret-file <file>', 'what it is signed with (HS256)')
    .option('--key-file <file>', 'the private key that it is signed with, as PEM (RS256, ES256)')
    .option('--key-id <text>', 'the kid of that key, if there is a set of them')
    .option('--publish <pattern...>', 'channels that it may publish to', [])
    .option('--subscribe <pattern...>', 'channels that it may subscribe to', [])
    .option('--databases <pattern...>', 'databases that it is good for; all, if none is given', [])
    .option('--admin', 'may see the state of the nodes', false)
    .option('--subject <text>', 'whose it is (sub)')
    .option('--issuer <text>', 'who made it (iss)')
    .option('--audience <text>', 'whom it is for (aud)')
    .addOption(
      new Option('--expires <seconds>', 'when it ends').default(3600).argParser(numberFrom(1, 31_536_000, true)),
    )
    .action(async (flags) => (await import('./token.js')).token(flags))

const configCommand = (): Command =>
  addNodeFlags(addConfigFlag(new Command('config')))
    .description(
      'Check what a node would run with, or show it: file, variables and flags together; or show all defaults.',
    )
    .addHelpText(
      'before',
      examples([
        'carillon config default > carillon.toml',
        'carillon config check --config carillon.toml',
        'CARILLON_LOG_LEVEL=warn carillon config show --config carillon.toml --retention-count 5000',
      ]),
    )
    .addArgument(new Argument('<what>').choices(['check', 'show', 'default']))
    .option('--markdown', 'the defaults as a table', false)
    .action(async (what, flags) => (await import('./config.js')).config(what, flags))

const makers = [
  startCommand,
  clusterCommand,
  publishCommand,
  subscribeCommand,
  notifyCommand,
  statusCommand,
  healthCommand,
  tokenCommand,
  configCommand,
  benchCommand,
  verifyCommand,
]

/** The whole command line, not yet run. Errors are thrown; commander has written to `output` what it has to say of its own. */
export const program = (output: OutputConfiguration = {}): Command => {
  const root = new Command('carillon')
    .description('A clustered, in-memory pub/sub engine.')
    .version(version)
    .helpOption('--help', 'show this')
    .exitOverride()
    .configureOutput(output)
    .addHelpText(
      'before',
      examples(['carillon cluster', 'carillon subscribe hello', `carillon publish hello '{"text":"hi"}'`]),
    )
  for (const make of makers) root.addCommand(make().copyInheritedSettings(root).helpOption('--help', 'show this'))
  return root
}

/** What a command that has thrown ends with, and what is still to be told. */
export const verdictOn = (error: unknown): { readonly exitCode: number; readonly words: string } => {
  // With status 0 commander was asked for help.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, words: '' }
  if (error instanceof Failure) return { exitCode: error.exitCode, words: `carillon: ${error.message}` }
  return { exitCode: 1, words: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
