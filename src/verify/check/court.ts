import { parseCursor } from '../../channel/cursor.js'
import { Chain } from './chain.js'
import type { Deliver, End, Line, Publish, Start } from './history.js'
import { Message } from './message.js'
import { Peace } from './peace.js'
import { Ranks } from './ranks.js'

/** Cursors may name every life that a node ever had. */
const originsMax = 1000

/** A history, sorted by what it is about. Only the first of two that claim one name counts. */
export class Court {
  readonly start: Start
  readonly end: End | undefined
  readonly messages = new Map<string, Message>()
  readonly chains = new Map<string, Chain>()
  readonly peace: Peace
  readonly ranks: Ranks

  constructor(lines: readonly Line[]) {
    const [start] = lines
    if (start?.type !== 'start') throw new SyntaxError('a history begins with its start')
    this.start = start
    this.end = lines.find((line) => line.type === 'end')
    this.peace = new Peace(lines, start.nodes)
    const counts = new Map<string, number>()
    for (const line of lines) this.#take(line, counts)
    this.ranks = new Ranks([...this.chains.values()], (delivery) => this.#placeOf(delivery))
  }

  /**
   * Keys that tie in time are told apart by where they are from: across a split either may be shown first, so they stand
   * in one place.
   */
  #placeOf({ message: name, id }: Deliver): string | undefined {
    const message = this.messages.get(name)
    if (!message || this.mayBeTwo(message)) return undefined
    const time = parseCursor(id, originsMax)?.time
    return time === undefined || this.peace.united(message.sentAt, message.settledAt) ? name : `at ${time}`
  }

  /** Whether the one id can name the same message as the other, for a reader who has been given more besides. */
  covers(id: string, other: string): boolean {
    const [mine, theirs] = [parseCursor(id, originsMax), parseCursor(other, originsMax)]
    if (!mine || !theirs || mine.time !== theirs.time) return id === other
    return theirs.origins.every((origin, i) => (mine.seqs[mine.origins.indexOf(origin)] ?? 0) >= (theirs.seqs[i] ?? 0))
  }

  /**
   * On the two sides of a split one key can be taken twice, and then the message has two ids and comes twice. That needs
   * two tries that may have been taken, and a split while they were under way.
   */
  mayBeTwo(message: Message): boolean {
    return message.chances.length > 1 && !this.peace.united(message.sentAt, message.settledAt)
  }

  #take(line: Line, counts: Map<string, number>): void {
    switch (line.type) {
      case 'publish':
        this.#message(line, counts).attempts.push({ sent: line, told: undefined })
        break
      case 'told': {
        const attempt = this.messages.get(line.message)?.attempts.find(({ sent }) => sent.try === line.try)
        if (attempt) attempt.told ??= line
        break
      }
      case 'subscribe':
        this.chains.set(line.subscriber, new Chain(line, this.start.own))
        break
      case 'read': {
        const chain = this.chains.get(line.subscriber)
        if (chain) chain.hops++
        break
      }
      case 'position':
        this.chains.get(line.subscriber)?.base(line.at)
        break
      case 'deliver':
      case 'gap':
        this.chains.get(line.subscriber)?.add(line)
        break
      case 'done': {
        const chain = this.chains.get(line.subscriber)
        if (chain) chain.complete = line.complete
        break
      }
    }
  }

  #message({ message: name, publisher, channel, sum }: Publish, counts: Map<string, number>): Message {
    const known = this.messages.get(name)
    if (known) return known
    const index = counts.get(publisher) ?? 0
    counts.set(publisher, index + 1)
    const message = new Message(name, index, publisher, channel, sum)
    this.messages.set(name, message)
    return message
  }
}
