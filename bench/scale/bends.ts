import type { Figures } from './figures.js'
import type { Model } from './fit.js'
import type { Models } from './models.js'
import { meshMost, streamMost } from './plots.js'
import { coresOf, egressOf, gigabit, rates } from './stream-plots.js'

/** Where growth stops being cheap, and what to do then. */
export interface Bend {
  readonly what: string
  /** With figures, measured or modelled. */
  readonly where: string
  readonly remedy: string
}

/** The least number of nodes at which it is so. */
export const bendAt = (isBent: (nodes: number) => boolean, most: number): number | undefined => {
  for (let nodes = 1; nodes <= most; nodes++) if (isBent(nodes)) return nodes
  return undefined
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const percent = (share: number): string => `${Math.round(100 * share)} %`
const mega = (bytes: number): string => `${(bytes / 1e6).toPrecision(2)} MB`
const at = (nodes: number | undefined, most: number): string =>
  nodes === undefined ? `not up to ${whole(most)} nodes` : nodes <= 1 ? 'at once' : `at ${whole(nodes)} nodes`

const meshTraffic = (
  { counted, countedRate: rate, size }: Figures,
  { replication, gossip, frames }: Models,
): Bend[] => {
  const last = counted.at(-1)
  if (!last || !replication || !gossip || !frames || last.nodes < 2) return []
  const { nodes } = last
  const overtakes = bendAt((n) => n > 1 && gossip.at(n) > replication.at(n), 64)
  const all = last.bytes * rate
  const rows = Math.max(0, all - last.idleBytes - (replication.constants[0] ?? 0) * (nodes - 1))
  const large = { bytes: 16 * 1024, rate: 1000 }
  const full = bendAt((n) => large.bytes * large.rate * (n - 1) > gigabit, 64)
  return [
    {
      what: 'Bytes × (n−1) through the accepting node',
      where: `Counted: ${mega(last.egress)} a second leave it at ${nodes} nodes with ${whole(rate)} messages of ${size} bytes. By the same product 1,000 messages of 16 KiB a second fill 1 Gbit/s ${at(full, 64)}.`,
      remedy:
        'Publish through all nodes (clients spread by themselves): each then sends its share. Send a reference in place of a large body. Or move to a log that others keep.',
    },
    {
      what: 'A row for each member, from each to each',
      where: `Counted: ${whole(last.frames * rate)} frames a second between ${nodes} nodes, ${whole((last.frames * rate) / nodes)} to each, and ${percent(rows / all)} of all bytes; they grow with n(n−1) and hardly with the rate.`,
      remedy:
        'Have fewer and larger nodes; 3 to 5 hold what clients need, and a node of one core serves thousands of them.',
    },
    {
      what: 'Gossip: who hears whom, from each to each',
      where: `Counted: ${mega(last.idleBytes / nodes)} a second and node at ${nodes} nodes when nothing is published, ${percent(last.idleBytes / all)} of all bytes at ${whole(rate)} messages a second. Modelled: more than the messages themselves ${at(overtakes, 64)}.`,
      remedy: 'A slower --heartbeat (with a longer --suspect-timeout) divides it; deaths are seen later then.',
    },
  ]
}

/** Where one model passes the other, by what both say of the accepting node. */
const crossing = (mesh: Model, stream: Model | undefined): string => {
  const nodes = stream && bendAt((n) => mesh.at(n) > stream.at(n), meshMost)
  return nodes === undefined ? '' : ` From ${nodes} nodes on, the accepting one has more to do than on JetStream.`
}

const meshLive = (figures: Figures, { acceptLive, otherLive, acceptStream, join }: Models): Bend[] => {
  const bends: Bend[] = []
  const [slow, quick] = [figures.live.at(-1), figures.live.find(({ nodes }) => nodes > 1)]
  if (slow && quick && slow !== quick)
    bends.push({
      what: 'The slowest member decides',
      where: `Measured: acknowledged in ${quick.p50.toFixed(1)} ms (p50) and ${quick.p99.toFixed(1)} ms (p99) on ${quick.nodes} nodes, ${slow.p50.toFixed(1)} and ${slow.p99.toFixed(1)} on ${slow.nodes}, all on one machine.`,
      remedy:
        'Give the nodes like machines. What stands still for the suspicion time is left out by itself. "ack": "local" does not wait, where a message may be lost with its node.',
    })
  if (acceptLive && otherLive)
    bends.push({
      what: 'CPU: each node does the work of all messages',
      where: `Modelled from live figures: a core for each node takes ${whole(1e6 / acceptLive.at(3))} messages a second through one of 3 nodes, ${whole(1e6 / acceptLive.at(meshMost))} through one of ${meshMost}; published through all, ${whole(1e6 / (acceptLive.at(meshMost) / meshMost + otherLive.at(meshMost) * (1 - 1 / meshMost)))}. More nodes serve more subscribers, not more publishes.${crossing(acceptLive, acceptStream)}`,
      remedy: 'Publish in batches. Give databases that don’t belong together a cluster each.',
    })
  const worst = figures.stalls.map(
    ({ nodes, kills }) => `${Math.round(Math.max(...kills.map((kill) => kill.deliveredMs)))} ms on ${nodes}`,
  )
  if (worst.length > 0)
    bends.push({
      what: 'A member dies',
      where: `Measured, the longest pause of deliveries in any kill: ${worst.join(', ')} nodes.`,
      remedy:
        'Nothing: it does not grow with the nodes in what was measured. A silent death (a cut cable) is the suspicion time, whatever the size.',
    })
  const [, perMiB = 0] = join?.constants ?? []
  const most = figures.joins.at(-1)
  if (join && most && perMiB > 0)
    bends.push({
      what: 'A node joins: all that is kept goes to it',
      where: `Measured: ready ${(most.ms / 1000).toFixed(1)} s after its start with ${whole(most.mib)} MiB kept; about ${whole(1000 / perMiB)} MiB a second. Meanwhile acknowledgements of the others paused for up to ${whole(most.pauseMs)} ms.`,
      remedy:
        'Keep less (--retention-count, --retention-seconds, --retention-bytes), or have history in a log on disk. Start one node at a time.',
    })
  return bends
}

export const meshBends = (figures: Figures, models: Models): readonly Bend[] => [
  ...meshTraffic(figures, models),
  ...meshLive(figures, models),
]

export const streamBends = (models: Models): readonly Bend[] => {
  const { nats, egress, otherStream, presence } = models
  const bends: Bend[] = []
  const each = (is: (rate: number, nodes: number) => boolean): string =>
    rates
      .map((rate) => {
        const bent = bendAt((n) => is(rate, n), streamMost)
        return `with ${whole(rate)} messages a second ${at(bent, streamMost)}`
      })
      .join('; ')
  if (egress)
    bends.push({
      what: 'The server sends nodes × rate × bytes',
      where: `Modelled: 1 Gbit/s is full, ${each((rate, n) => (egressOf(models, rate)?.(n) ?? 0) > gigabit)}.`,
      remedy:
        'Fewer nodes with more clients each; a faster network; databases apart, since each is a stream of its own that another server can lead. More servers or leaf nodes alone do not help one stream: each node has a consumer of its own, so the copies stay as many. What would help is not built: to read the stream republished on a subject, of which a server sends each other server, or leaf, one copy.',
    })
  if (nats)
    bends.push({
      what: 'CPU of that server',
      where: `Modelled: 4 cores are busy, ${each((rate, n) => (coresOf(models, rate)?.(n) ?? 0) > 4)}.`,
      remedy: 'The same; and batched publishes, which are one message of the stream.',
    })
  if (otherStream)
    bends.push({
      what: 'Each node reads every message of its databases',
      where: `Measured: ${Math.round(otherStream.at(1))} µs of CPU a message, whatever the number of nodes: about ${whole(1e6 / otherStream.at(1))} messages a second would take the whole of a core.`,
      remedy: 'Databases apart, on nodes with a --log-prefix of their own: a node follows all streams of its prefix.',
    })
  if (presence)
    bends.push({
      what: 'Presence: each node tells each other one that it is there',
      where: `Modelled: ${mega(presence.at(100))} a second from the server on 100 nodes, ${mega(presence.at(streamMost))} on ${whole(streamMost)}, when nothing is published: it grows with n².`,
      remedy:
        'A slower --heartbeat; from hundreds of nodes on, databases apart on nodes with a --log-prefix of their own, which do not see the others.',
    })
  return bends
}
