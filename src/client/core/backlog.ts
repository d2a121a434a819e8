import type { Entry, Event } from './event.js'

/**
 * What has come and was not taken yet, and how far its taker is.
 *
 * 1. `cursor` moves only over what has been taken: an event counts as taken when the next one is asked for. So whoever
 *    goes on from `cursor` after a crash gets again what was in hand, and misses nothing.
 * 2. `end` is where a stream has to go on that adds to this backlog.
 */
export class Backlog {
  #entries: Entry[] = []
  #next = 0
  #events = 0
  #cursor: string
  #end: string
  #inHand: string | undefined
  readonly #eventsMax: number

  constructor(from: string, eventsMax: number) {
    this.#cursor = from
    this.#end = from
    this.#eventsMax = eventsMax
  }

  get cursor(): string {
    return this.#cursor
  }

  get end(): string {
    return this.#end
  }

  /** Nothing more should be fetched. */
  get isFull(): boolean {
    return this.#events >= this.#eventsMax
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry)
      if (entry.event) this.#events++
      if (entry.cursor !== undefined) this.#end = entry.cursor
    }
  }

  take(): Event | undefined {
    this.#cursor = this.#inHand ?? this.#cursor
    this.#inHand = undefined
    for (;;) {
      const entry = this.#shift()
      if (!entry) return undefined
      if (entry.event) {
        this.#events--
        this.#inHand = entry.cursor
        return entry.event
      }
      this.#cursor = entry.cursor ?? this.#cursor
    }
  }

  #shift(): Entry | undefined {
    const entry = this.#entries[this.#next++]
    if (entry) return entry
    this.#entries = []
    this.#next = 0
    return undefined
  }
}
