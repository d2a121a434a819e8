import type { Chain } from './chain.js'
import type { Deliver } from './history.js'

/** The first delivery of each message that did not come late, in order: what must agree with everybody's. */
export const sequenceOf = (chain: Chain): readonly Deliver[] =>
  [...chain.of.values()].flatMap(([first]) => (first && !first.late ? [first] : []))

interface Place {
  readonly at: number
  readonly next: Set<string>
  before: number
}

/**
 * One order of all messages that agrees with what every subscriber saw, if there is one. Where there is none, what was seen
 * first goes first, so that there is still something to say of the rest.
 */
export class Ranks {
  readonly #ranks = new Map<string, number>()
  /** Messages that are before and after each other, by way of several subscribers. */
  readonly circle: readonly string[]

  /** `isPlaced`: whether a message has one place only. */
  constructor(chains: readonly Chain[], isPlaced: (message: string) => boolean) {
    const places = new Map<string, Place>()
    for (const chain of chains)
      this.#add(
        places,
        sequenceOf(chain).filter(({ message }) => isPlaced(message)),
      )
    const circle: string[] = []
    let ready = [...places].filter(([, { before }]) => before === 0).map(([name]) => name)
    while (places.size > 0) {
      if (ready.length === 0) {
        const [first] = [...places].reduce((a, b) => (b[1].at < a[1].at ? b : a))
        circle.push(first)
        ready = [first]
      }
      ready = ready.flatMap((name) => this.#take(places, name))
    }
    this.circle = circle
  }

  /** Its place in the order; none if it came late everywhere, or nowhere. */
  of(message: string): number | undefined {
    return this.#ranks.get(message)
  }

  #add(places: Map<string, Place>, sequence: readonly Deliver[]): void {
    let last: Place | undefined
    for (const { message, at } of sequence) {
      const place = places.get(message) ?? { at, next: new Set<string>(), before: 0 }
      places.set(message, place)
      if (last && !last.next.has(message)) {
        last.next.add(message)
        place.before++
      }
      last = place
    }
  }

  /** Those that nothing stands before any more. */
  #take(places: Map<string, Place>, name: string): readonly string[] {
    const place = places.get(name)
    if (!place) return []
    this.#ranks.set(name, this.#ranks.size)
    places.delete(name)
    return [...place.next].filter((next) => {
      const other = places.get(next)
      if (other) other.before--
      return other?.before === 0
    })
  }
}
