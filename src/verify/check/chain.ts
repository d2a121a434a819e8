import type { Deliver, Gap, Subscribe } from './history.js'

/** What one subscriber was given along its cursors. */
export class Chain {
  readonly name: string
  readonly channels: ReadonlySet<string>
  readonly events: (Deliver | Gap)[] = []
  /** By the name of the message; more than one is one too many. */
  readonly of = new Map<string, Deliver[]>()
  /** Whatever is published from here on is its business. */
  basedAt: number
  /** It has had all that there was in the end. */
  complete = false
  hops = 0

  constructor({ subscriber, channels, from }: Subscribe, own: boolean) {
    this.name = subscriber
    this.channels = new Set(channels)
    // On nodes that others use, too, the earliest that is kept may be anything.
    this.basedAt = from === 'earliest' && own ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }

  get deliveries(): readonly Deliver[] {
    return this.events.filter((event) => event.type === 'deliver')
  }

  get gaps(): readonly Gap[] {
    return this.events.filter((event) => event.type === 'gap')
  }

  base(at: number): void {
    if (this.basedAt === Number.POSITIVE_INFINITY) this.basedAt = at
  }

  add(event: Deliver | Gap): void {
    this.base(event.at)
    this.events.push(event)
    if (event.type === 'gap') return
    const before = this.of.get(event.message)
    if (before) before.push(event)
    else this.of.set(event.message, [event])
  }

  has(message: string): boolean {
    return this.of.has(message)
  }
}
