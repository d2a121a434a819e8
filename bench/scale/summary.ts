import { bendAt } from './bends.js'
import type { Figures } from './figures.js'
import { farthest } from './fit.js'
import type { Models } from './models.js'
import { streamMost } from './plots.js'
import { egressOf, gigabit } from './stream-plots.js'

const mesh = ({ counted, live, stalls }: Figures): string => {
  const [small, last] = [counted.find(({ nodes }) => nodes === 3), counted.at(-1)]
  const parts: string[] = []
  if (small && last && last.nodes > 3)
    parts.push(
      `A message of the mesh costs ${small.frames.toFixed(1)} frames and ${Math.round(small.bytes / 2)} bytes for each other node on 3 nodes, and ${last.frames.toFixed(0)} frames and ${Math.round(last.bytes / (last.nodes - 1))} bytes on ${last.nodes}.`,
    )
  const [few, many] = [live.find(({ nodes }) => nodes > 1), live.at(-1)]
  if (few && many && many !== few)
    parts.push(
      `The node that accepts it takes ${Math.round(few.acceptUs)} µs of CPU on ${few.nodes} nodes and ${Math.round(many.acceptUs)} on ${many.nodes}; each other one ${Math.round(few.otherUs)} and ${Math.round(many.otherUs)}.`,
    )
  const pauses = stalls.flatMap(({ kills }) => kills.map(({ deliveredMs }) => deliveredMs))
  if (pauses.length > 0)
    parts.push(`In ${pauses.length} kills the longest pause of deliveries was ${Math.round(Math.max(...pauses))} ms.`)
  return parts.join(' ')
}

const stream = ({ streams }: Figures, models: Models): string => {
  const [few, many] = [streams[0], streams.at(-1)]
  const { nats } = models
  if (!few || !many || few === many || !nats) return ''
  const full = bendAt((n) => (egressOf(models, 1000)?.(n) ?? 0) > gigabit, streamMost)
  return `On JetStream a node’s own work stays the same (${Math.round(few.acceptUs)} µs for a message that it accepts on ${few.nodes}, ${Math.round(many.acceptUs)} on ${many.nodes}; ${Math.round(many.otherUs)} for another), and the server’s grows with the nodes: ${Math.round(few.natsUs)} µs a message for ${few.nodes}, ${Math.round(many.natsUs)} for ${many.nodes}. By the model it fills 1 Gbit/s with 1,000 messages a second of 200 bytes ${full === undefined ? `on no number of nodes up to ${streamMost}` : `on ${full} nodes`}.`
}

const errors = (models: Models): string => {
  const all = Object.values(models).flatMap((model) => (model && farthest(model)) ?? [])
  if (all.length === 0) return ''
  const sorted = all.map(({ error }) => Math.abs(error)).sort((a, b) => a - b)
  const [middle = 0, most = 0] = [sorted[sorted.length >> 1], sorted.at(-1)]
  return `${all.length} models; at the points that were kept for the check they are off by ${(100 * middle).toFixed(1)} % in the median, and by ${Math.round(100 * most)} % at the most.`
}

/** The page in short. */
export const summary = (figures: Figures, models: Models): readonly string[] =>
  [mesh(figures), stream(figures, models), errors(models)].filter((text) => text !== '')
