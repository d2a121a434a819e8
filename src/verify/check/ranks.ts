import type { Chain } from './chain.js'
import type { Deliver } from './history.js'

/** The first delivery of each message that did not come late, in order: what must agree with everybody's. */
export const sequenceOf = (chain: Chain): readonly Deliver[] =>
  [...chain.of.values()].flatMap(([first]) => (first && !first.late ? [first] : []))

interface Place {
  readonly first: Deliver
  readonly next: Set<string>
  before: number
}

/**
 * One order of all messages that agrees with what every subscriber saw, if there is one. Where there is none, what was seen
 * first goes first, so that there is still something to say of the rest.
 */
export class Ranks {
  readonly #ranks = new Map<string, number>()
  readonly #places = new Map<string, string>()
  /** One that is before and after itself, by way of several subscribers. */
  readonly circle: Deliver | undefined

  /** `placeOf`: what stands for its place; the same for those that may be in any order, none if it has several. */
  constructor(chains: readonly Chain[], placeOf: (delivery: Deliver) => string | undefined) {
    const places = new Map<string, Place>()
    for (const chain of chains) this.#add(places, sequenceOf(chain), placeOf)
    let ready = [...places].filter(([, { before }]) => before === 0).map(([name]) => name)
    while (places.size > 0) {
      if (ready.length === 0) {
        const [name, { first }] = [...places].reduce((a, b) => (b[1].first.at < a[1].first.at ? b : a))
        this.circle ??= first
        ready = [name]
      }
      ready = ready.flatMap((name) => this.#take(places, name))
    }
  }

  /** Its place in the order; none if it came late everywhere, or nowhere. Those that may be in any order have one. */
  of(message: string): number | undefined {
    const place = this.#places.get(message)
    return place === undefined ? undefined : this.#ranks.get(place)
  }

  #add(
    places: Map<string, Place>,
    sequence: readonly Deliver[],
    placeOf: (delivery: Deliver) => string | undefined,
  ): void {
    let last: Place | undefined
    for (const first of sequence) {
      const name = this.#places.get(first.message) ?? placeOf(first)
      if (name === undefined) continue
      this.#places.set(first.message, name)
      const place = places.get(name) ?? { first, next: new Set<string>(), before: 0 }
      places.set(name, place)
      if (last && last !== place && !last.next.has(name)) {
        last.next.add(name)
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
