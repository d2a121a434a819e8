/** One event of a `text/event-stream`. */
export interface StreamEvent {
  readonly event: string
  readonly data: string
  /** The last id that was said; empty if none was. */
  readonly id: string
  /** Milliseconds, if the stream has said how long to wait before coming back. */
  readonly retryMs: number | undefined
}

/** Cuts text that comes in pieces, anywhere, into events, as the HTML standard says. */
export class EventStream {
  #rest = ''
  #event = ''
  #data: string[] = []
  #id = ''
  #retryMs: number | undefined
  #bytes = 0
  readonly #bytesMax: number

  /** `bytesMax`: characters of one event; a longer one is an error. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get retryMs(): number | undefined {
    return this.#retryMs
  }

  push(text: string): readonly StreamEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length + this.#bytes > this.#bytesMax) throw new RangeError('an event is too long')
    return lines.flatMap((line) => this.#line(line) ?? [])
  }

  #line(line: string): StreamEvent | undefined {
    if (line === '') return this.#flush()
    const colon = line.indexOf(':')
    if (colon === 0) return undefined
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#add(value)
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^\d+$/.test(value)) this.#retryMs = Number(value)
    return undefined
  }

  #add(line: string): void {
    this.#bytes += line.length
    if (this.#bytes > this.#bytesMax) throw new RangeError('an event is too long')
    this.#data.push(line)
  }

  #flush(): StreamEvent | undefined {
    const data = this.#data
    const event = this.#event || 'message'
    this.#event = ''
    this.#data = []
    this.#bytes = 0
    return data.length > 0 ? { event, data: data.join('\n'), id: this.#id, retryMs: this.#retryMs } : undefined
  }
}
