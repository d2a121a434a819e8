import { Wire } from '../http/wire.js'
import { EventReader, SocketReader } from '../stream/tap.js'

interface Mark {
  readonly n: number
  /** When it was published, on the clock of this process. */
  readonly atMs: number
}

/** What those who behave have to complain of. */
export class Complaints {
  lost = 0
  doubled = 0
  disordered = 0
  gaps = 0
  readonly refused: string[] = []

  get all(): number {
    return this.lost + this.doubled + this.disordered + this.gaps + this.refused.length
  }
}

export interface Figures {
  /** In milliseconds: until a publish is acknowledged, and until its message is read. */
  readonly acknowledged: readonly number[]
  readonly delivered: readonly number[]
}

const transports = ['poll', 'sse', 'ws'] as const

interface Noted {
  readonly acknowledged: number[]
  readonly delivered: number[]
}

/** One who publishes at a steady pace, whatever the answers, and one who reads it. */
class Pair {
  readonly #port: number
  readonly #channel: string
  readonly #complaints: Complaints
  readonly #figures: Noted
  #sent = 0
  #read = 0
  #wires: Wire[] = []
  #close = (): void => {}
  #isOver = false
  #answered: Promise<void> = Promise.resolve()

  constructor(port: number, number: number, complaints: Complaints, figures: Noted) {
    this.#port = port
    this.#channel = `quiet ${number}`
    this.#complaints = complaints
    this.#figures = figures
  }

  async begin(transport: (typeof transports)[number]): Promise<void> {
    const query = `channel=${encodeURIComponent(this.#channel)}&from=now`
    if (transport === 'poll') await this.#poll()
    else if (transport === 'sse') {
      const reader = new EventReader(this.#port, `/main/bus/events?${query}`)
      reader.events.each(({ type, data }) => this.#told(type, data))
      this.#close = () => reader.close()
      await reader.events.first(1)
    } else {
      const reader = new SocketReader(this.#port, `/main/bus/socket?${query}`)
      reader.frames.each((frame) => this.#told(frame.type, JSON.stringify(frame)))
      this.#close = () => reader.close()
      await reader.frames.first(1)
    }
  }

  publish(wire: Wire): Promise<void> {
    const atMs = performance.now()
    const message = { n: this.#sent++, atMs, text: 'x'.repeat(150) }
    wire.send('POST', '/main/bus/publish', JSON.stringify({ channel: this.#channel, message }))
    // Answers come in the order of the requests.
    this.#answered = this.#answered.then(async () => {
      const { status, body } = await wire.reply()
      if (status !== 200) this.#complaints.refused.push(`${status} ${body}`)
      this.#figures.acknowledged.push(performance.now() - atMs)
    })
    return this.#answered
  }

  get isEven(): boolean {
    return this.#read === this.#sent
  }

  /** What was published and never came. */
  end(): void {
    this.#isOver = true
    this.#complaints.lost += this.#sent - this.#read
    this.#close()
    for (const wire of this.#wires) wire.close()
  }

  async #poll(): Promise<void> {
    const wire = await Wire.open(this.#port)
    this.#wires.push(wire)
    const ask = async (cursor: string, timeout: number): Promise<string> => {
      wire.send('POST', '/main/bus/poll', JSON.stringify({ channels: [this.#channel], cursor, timeout }))
      const { status, body } = await wire.reply()
      if (status !== 200) {
        this.#complaints.refused.push(`${status} ${body}`)
        return cursor
      }
      const page = JSON.parse(body)
      if (page.gap) this.#complaints.gaps++
      for (const { message } of page.messages) this.#take(message)
      return page.cursor
    }
    let cursor = await ask('now', 0)
    const goOn = async (): Promise<void> => {
      while (!this.#isOver) cursor = await ask(cursor, 20)
    }
    goOn().catch((error) => {
      if (!this.#isOver) this.#complaints.refused.push(String(error))
    })
  }

  #told(type: string, data: string): void {
    if (type === 'gap') this.#complaints.gaps++
    else if (type === 'message') this.#take(JSON.parse(data).message)
    else if (type === 'end' || type === 'error') this.#complaints.refused.push(data)
  }

  #take({ n, atMs }: Mark): void {
    this.#figures.delivered.push(performance.now() - atMs)
    if (n === this.#read) this.#read++
    else if (n < this.#read) this.#complaints.doubled++
    else {
      this.#complaints.disordered++
      this.#read = n + 1
    }
  }
}

const everyMs = 100

export const quietPairs = 24

/** A few who use the node as they should, by all transports, and notice how long it takes. */
export class Quiet {
  readonly complaints = new Complaints()
  readonly #figures: Noted = { acknowledged: [], delivered: [] }
  readonly #pairs: readonly Pair[]
  readonly #wires: Wire[] = []
  #timers: NodeJS.Timeout[] = []
  #underWay = new Set<Promise<void>>()

  private constructor(port: number, count: number) {
    this.#pairs = Array.from({ length: count }, (_, i) => new Pair(port, i, this.complaints, this.#figures))
  }

  static async begin(port: number, count = quietPairs): Promise<Quiet> {
    const quiet = new Quiet(port, count)
    await Promise.all(quiet.#pairs.map((pair, i) => pair.begin(transports[i % transports.length] ?? 'poll')))
    for (const [i, pair] of quiet.#pairs.entries()) {
      // Each is a client of its own to the node.
      const wire = await Wire.open(port, `127.0.1.${i + 1}`)
      quiet.#wires.push(wire)
      const publish = (): void => quiet.#publish(pair, wire)
      setTimeout(() => quiet.#timers.push(setInterval(publish, everyMs)), (i * everyMs) / count)
    }
    return quiet
  }

  /** What has been noticed since it was last asked. */
  figures(): Figures {
    return { acknowledged: this.#figures.acknowledged.splice(0), delivered: this.#figures.delivered.splice(0) }
  }

  /** Publishes no more. Resolves when all has its answer. */
  async pause(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#underWay)
  }

  get isEven(): boolean {
    return this.#pairs.every((pair) => pair.isEven)
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const pair of this.#pairs) pair.end()
    for (const wire of this.#wires) wire.close()
  }

  #publish(pair: Pair, wire: Wire): void {
    const publishing = pair.publish(wire).catch((error) => {
      this.complaints.refused.push(String(error))
    })
    this.#underWay.add(publishing)
    publishing.finally(() => this.#underWay.delete(publishing))
  }
}
