import type { MemberStatus } from '../effect.js'
import type { History, Point } from './history.js'
import { labelsOf } from './names.js'
import type { Watch } from './watch.js'
import { type Standing, standingOf } from './words.js'

export interface NodeModel {
  readonly name: string
  /** As short as tells it from the others. */
  readonly label: string
  readonly url: string
  readonly standing: Standing
  readonly inView: boolean
  /** The page listens to it. */
  readonly isHeard: boolean
  /** By which it is known in the picture and the plots. */
  readonly colour: number
  /** Of the records of the node that is listened to: those that it has not confirmed. */
  readonly lag: number
  readonly waiters: number
  readonly heardMs: number
  readonly point: Point | undefined
  /** Why it does not answer this page, though it is alive. */
  readonly silence: string | undefined
}

export interface LinkModel {
  readonly from: number
  readonly to: number
  /** broken: one of the two does not hear the other over it; doubtful: one of them is suspect. */
  readonly state: 'up' | 'broken' | 'doubtful'
  /** Messages a second that go each way. */
  readonly forth: number
  readonly back: number
}

export interface Model {
  readonly nodes: readonly NodeModel[]
  readonly links: readonly LinkModel[]
}

/** Links beyond so many nodes are shown only where something is wrong with them. */
const meshMax = 12

const linkState = (a: MemberStatus, b: MemberStatus): LinkModel['state'] => {
  if (a.state === 'suspect' || b.state === 'suspect') return 'doubtful'
  return a.unheard.includes(b.id) || b.unheard.includes(a.id) ? 'broken' : 'up'
}

const linksOf = (members: readonly MemberStatus[], rates: readonly number[]): readonly LinkModel[] =>
  members.flatMap((a, from) =>
    members.slice(from + 1).flatMap((b, i) => {
      if (a.state === 'down' || b.state === 'down') return []
      const state = linkState(a, b)
      const to = from + 1 + i
      if (state !== 'broken' && members.length > meshMax) return []
      const isFlowing = state === 'up' && a.inView && b.inView
      return [{ from, to, state, forth: isFlowing ? (rates[from] ?? 0) : 0, back: isFlowing ? (rates[to] ?? 0) : 0 }]
    }),
  )

/** Gives each name a colour, and the same one for as long as the page is open. */
export class Colours {
  readonly #given = new Map<string, number>()

  of(name: string): number {
    const colour = this.#given.get(name) ?? this.#given.size
    this.#given.set(name, colour)
    return colour
  }
}

/** What is to be seen now, by name. */
export const modelOf = (watch: Watch, history: History, colours: Colours, nowMs: number): Model => {
  const { look } = watch.listening
  const members = [...(look?.status.members ?? [])].sort((a, b) =>
    a.name.localeCompare(b.name, 'en', { numeric: true }),
  )
  const labels = labelsOf(members.map(({ name }) => name))
  const nodes = members.map((member, i): NodeModel => {
    const { name, url, self, lag, waiters, heardMs, inView } = member
    const own = watch.own(name)?.status
    const source = watch.sources.find((each) => each.url === url)
    const standing = standingOf(member, self || member.state === 'alive' ? own?.state : undefined)
    return {
      ...{ name, label: labels[i] ?? name, url, inView, lag, waiters: own?.gauges['waiters'] ?? waiters, heardMs },
      standing,
      isHeard: self,
      colour: colours.of(name),
      point: standing === 'down' ? undefined : history.latest(name, nowMs),
      silence: own ? undefined : source?.silence,
    }
  })
  const rates = nodes.map(({ point }) => point?.published ?? 0)
  return {
    nodes,
    // On a log that others keep, nodes have no links.
    links: look?.status.log.kind === 'mesh' ? linksOf(members, rates) : [],
  }
}
