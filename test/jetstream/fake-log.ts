import type { LogEvent, LogRequest, Packet } from '../../src/jetstream/core/port.js'
import { makeStreamId, type NodeId } from '../../src/log/node-id.js'

interface Stored {
  readonly seq: number
  readonly wall: number
  readonly id: string
  readonly packet: Omit<Packet, 'delivery'>
}

interface Reading {
  readonly epoch: number
  delivery: number
  next: number
}

/** What one node is told, in order, when the test lets it be told. */
export class Line {
  readonly events: LogEvent[] = []
  readonly readings = new Map<string, Reading>()
  connected = true
}

const pageSize = 5

/** One stream of a log that does what JetStream does, as plainly as it can be said; what is lost on the way is for the test to say. */
export class FakeStream {
  id: NodeId
  last = 0
  first = 1
  messages: Stored[] = []
  /** What it was told, whether it is still there or not. */
  readonly #known: Stored[] = []

  constructor(createdMs: number) {
    this.id = makeStreamId(createdMs, createdMs % 4096)
  }

  /** `seq` of the message, and whether it was there before. */
  store(id: string, wall: number, duplicateMs: number, packet: Omit<Packet, 'delivery' | 'seq' | 'wall'>) {
    const known = this.#known.find((each) => each.id === id && wall - each.wall < duplicateMs)
    if (known) return { seq: known.seq, duplicate: true }
    const seq = ++this.last
    const stored = { seq, wall, id, packet: { ...packet, seq, wall } }
    this.messages.push(stored)
    this.#known.push(stored)
    return { seq, duplicate: false }
  }

  /** All up to there is gone. */
  purge(seq: number): void {
    this.messages = this.messages.filter((each) => each.seq > seq)
    this.first = Math.max(this.first, Math.min(seq, this.last) + 1)
  }

  /** One in the middle is gone. */
  remove(seq: number): void {
    this.messages = this.messages.filter((each) => each.seq !== seq)
    this.first = this.messages[0]?.seq ?? this.last + 1
  }
}

export class FakeLog {
  readonly streams = new Map<string, FakeStream>()
  duplicateMs = 120_000
  replicas = 3
  bytesMax = 2 ** 20
  /** Every stream that ever was. */
  readonly all: FakeStream[] = []
  #made = 0

  constructor(readonly wall: () => number) {}

  stream(database: string): FakeStream {
    const known = this.streams.get(database)
    if (known) return known
    const stream = new FakeStream(this.wall() + ++this.#made)
    this.streams.set(database, stream)
    this.all.push(stream)
    return stream
  }

  /** The stream is deleted; whoever asks next makes another one. */
  drop(database: string, lines: readonly Line[]): void {
    this.streams.delete(database)
    for (const line of lines) line.readings.delete(database)
  }

  ask(line: Line, request: LogRequest, fate: 'done' | 'lost' | 'unanswered' = 'done'): void {
    if (!line.connected) return
    switch (request.is) {
      case 'list':
        line.events.push({ is: 'listed', databases: [...this.streams.keys()] })
        break
      case 'open':
        line.events.push({ is: 'opened', database: request.database, stream: this.#told(request.database) })
        break
      case 'read':
        this.#read(line, request)
        break
      case 'store':
        this.#store(line, request, fate)
        break
      case 'fetch': {
        const { id: stream, messages } = this.stream(request.database)
        const after = messages.filter(({ seq }) => seq >= request.from)
        const packets = after.slice(0, pageSize).map(({ packet }, i) => ({ ...packet, delivery: i + 1 }))
        const { database, fetch } = request
        line.events.push({ is: 'fetched', database, fetch, stream, packets, ends: after.length <= pageSize })
        break
      }
      case 'tell':
        break
      default:
        request satisfies never
    }
  }

  /** Delivers what readings have not had yet. */
  flow(line: Line): void {
    if (!line.connected) return
    for (const [database, reading] of line.readings) {
      const after = this.stream(database).messages.filter(({ seq }) => seq >= reading.next)
      const { epoch } = reading
      if (after.length === 0) line.events.push({ is: 'idle', database, epoch, delivery: reading.delivery })
      else {
        const packets = after.map(({ packet }) => ({ ...packet, delivery: ++reading.delivery }))
        reading.next = (packets.at(-1)?.seq ?? 0) + 1
        line.events.push({ is: 'arrived', database, epoch, packets })
      }
    }
  }

  #told(database: string) {
    const { id, first, last, messages } = this.stream(database)
    const { duplicateMs, replicas } = this
    return { id, name: database, first, last, messages: messages.length, bytes: 0, replicas, duplicateMs }
  }

  #read(line: Line, { database, epoch, from }: Extract<LogRequest, { is: 'read' }>): void {
    const { id: stream, first, last, messages } = this.stream(database)
    const since = (ms: number): number => messages.find(({ wall }) => wall >= ms)?.seq ?? last + 1
    const next = Math.max(first, typeof from === 'number' ? from : since(from.sinceMs))
    line.readings.set(database, { epoch, delivery: 0, next })
    const pending = messages.filter(({ seq }) => seq >= next).length
    line.events.push({ is: 'reading', database, epoch, stream, from: next, pending })
  }

  #store(line: Line, request: Extract<LogRequest, { is: 'store' }>, fate: string): void {
    const { database, ticket, batch, id } = request
    if (fate === 'lost') {
      line.events.push({ is: 'unstored', database, ticket, reason: 'lost', sure: false })
      return
    }
    const stored = this.stream(database).store(id, this.wall(), this.duplicateMs, { batch })
    if (fate === 'unanswered') line.events.push({ is: 'unstored', database, ticket, reason: 'no answer', sure: false })
    else line.events.push({ is: 'stored', database, ticket, ...stored })
  }
}
