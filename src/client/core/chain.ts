import type { Event } from './event.js'

/** An event, and which one it follows: so that whoever hears of it knows whether he has missed something. */
export interface Link {
  /** Id of the one before; the cursor from which reading began, for the first. */
  readonly after: string
  readonly id: string
  readonly event: Event
}

/** Links that are remembered, to tell those who have missed them. */
const recentMax = 1000

/**
 * Events that one reads and others hear of, link by link. Every one of them remembers the last ones: whoever reads on
 * when the reader is gone can tell them to those who were behind it, and leave out what they have had already.
 */
export class Chain {
  #last: string | undefined
  #cursor: string | undefined
  #recent: Link[] = []
  readonly #ids = new Set<string>()

  /** The last link. */
  get last(): string | undefined {
    return this.#last
  }

  /** Where to read on. A gap is no place for that: it is told again. */
  get cursor(): string | undefined {
    return this.#cursor
  }

  /** Begins behind a link that another one has told of, or at a cursor. */
  begin(last: string, cursor: string): void {
    this.#last = last
    this.#cursor = cursor
  }

  /** What has been read; nothing if it was heard of before. */
  add(event: Event): Link | undefined {
    const after = this.#last ?? ''
    const id = event.type === 'message' ? event.id : `${after} gap`
    if (this.#ids.has(id) || (event.type === 'gap' && after.endsWith(' gap'))) return undefined
    const link = { after, id, event }
    this.#append(link)
    return link
  }

  /** What has been heard: the next, one that was heard before, or one behind others that were not. */
  hear(link: Link): 'next' | 'old' | 'hole' {
    if (this.#ids.has(link.id) || this.#last === link.id) return 'old'
    if (link.after !== this.#last) return 'hole'
    this.#append(link)
    return 'next'
  }

  /** Those behind this one, if it is remembered. */
  since(id: string): readonly Link[] | undefined {
    if (id === this.#last) return []
    const place = this.#recent.findIndex(({ after }) => after === id)
    return place < 0 ? undefined : this.#recent.slice(place)
  }

  #append(link: Link): void {
    this.#last = link.id
    if (link.event.type === 'message') this.#cursor = link.event.id
    this.#ids.add(link.id)
    this.#recent.push(link)
    if (this.#recent.length <= recentMax) return
    const [oldest] = this.#recent.splice(0, 1)
    if (oldest) this.#ids.delete(oldest.id)
  }
}
