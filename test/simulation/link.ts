import type { Message } from '../../src/cluster/message.js'
import type { Life } from './life.js'
import type { Network } from './network.js'

/** One end of a connection, with what is on its way from here to the other end. */
interface End {
  readonly life: Life
  open: boolean
  closed: boolean
  /** What is under way was sent in this generation; it is lost once the generation is over. */
  generation: number
  /** When the last of it arrives: what is sent later arrives later. */
  arrivesMs: number
  /** Stuck in a cut; goes on in order when the cut heals. */
  stuck: (() => void)[]
}

type Side = 0 | 1

/**
 * A connection between two lives. It keeps the order of what is sent and loses nothing while it lives, even through
 * short cuts, as TCP does; its ends learn of its death at different times.
 */
export class Link {
  readonly ends: readonly [End, End]
  /** Since when something can't pass, for the ping timeout. */
  #cutMs: number | undefined

  constructor(
    readonly network: Network,
    dialer: Life,
    acceptor: Life,
  ) {
    const end = (life: Life): End => ({ life, open: false, closed: false, generation: 0, arrivesMs: 0, stuck: [] })
    this.ends = [end(dialer), end(acceptor)]
  }

  /** The acceptor has it at once, the dialer when the last word of the handshake is there. */
  open(): void {
    this.#opened(1)
    this.#carry(1, () => this.#opened(0))
    if (this.network.isCut(this)) this.interrupted()
  }

  #opened(side: Side): void {
    const end = this.ends[side]
    const peer = this.ends[other(side)].life
    const old = end.life.links.get(peer.id)
    if (old === this || end.closed || !end.life.alive) return
    if (old) old.close(end.life, false)
    end.open = true
    end.life.links.set(peer.id, this)
    this.network.input(end.life, { type: 'linked', peer: peer.id })
  }

  sideOf(life: Life): Side {
    return this.ends[0].life === life ? 0 : 1
  }

  joins(life: Life): boolean {
    return this.ends[0].life === life || this.ends[1].life === life
  }

  send(from: Life, message: Message): void {
    const side = this.sideOf(from)
    const { network } = this
    const fate = network.fate()
    for (let i = 0; i < fate.copies; i++)
      this.#carry(
        side,
        () => {
          const end = this.ends[other(side)]
          if (end.open) network.input(end.life, { type: 'received', from: from.id, message })
          else if (!end.life.alive) this.#reset(side)
        },
        fate.delayMs,
      )
  }

  /** Someone else lives there now, and knows nothing of this connection. */
  #reset(side: Side): void {
    if (this.ends[other(side)].life.host.life) this.close(this.ends[side].life, false)
  }

  #carry(side: Side, arrive: () => void, reorderMs = 0): void {
    const from = this.ends[side]
    const to = this.ends[other(side)]
    const { network } = this
    const { generation } = from
    const delayMs = network.delayMs(from.life.host, to.life.host)
    let atMs = network.schedule.nowMs + delayMs + reorderMs
    if (reorderMs === 0) {
      atMs = Math.max(atMs, from.arrivesMs)
      from.arrivesMs = atMs
    }
    const land = () => {
      if (from.generation === generation) network.when(to.life, arrive)
    }
    network.schedule.at(atMs, () => {
      if (from.stuck.length > 0 || network.blocked(from.life.host, to.life.host)) from.stuck.push(land)
      else land()
    })
  }

  /** A cut has begun somewhere between the ends. */
  interrupted(): void {
    if (this.#cutMs !== undefined) return
    const { network } = this
    const sinceMs = network.schedule.nowMs
    this.#cutMs = sinceMs
    for (const end of this.ends)
      network.schedule.after(network.pingTimeoutMs(), () => {
        if (this.#cutMs === sinceMs) network.when(end.life, () => this.close(end.life, true))
      })
  }

  /** A cut has ended: what is stuck goes on, after TCP has noticed. */
  resumed(): void {
    const { network } = this
    if (!network.isCut(this)) this.#cutMs = undefined
    for (const side of [0, 1] as const)
      network.schedule.after(network.retryMs(), () => {
        const from = this.ends[side]
        if (network.blocked(from.life.host, this.ends[other(side)].life.host)) return
        for (const land of from.stuck.splice(0)) land()
      })
  }

  /** This end gives it up, or is told that it is over; `tell` sends word to the other end. */
  close(life: Life, tell: boolean): void {
    const side = this.sideOf(life)
    const end = this.ends[side]
    const wasOpen = end.open
    end.open = false
    end.closed = true
    if (!wasOpen) return
    const peer = this.ends[other(side)].life
    if (tell) this.#carry(side, () => this.close(peer, false))
    if (life.links.get(peer.id) !== this) return
    life.links.delete(peer.id)
    if (!life.alive) return
    this.network.input(life, { type: 'unlinked', peer: peer.id })
    life.dialer?.closed(peer)
  }

  /** The life at this end is over. */
  died(life: Life, how: { readonly silent: boolean; readonly lost: boolean }): void {
    const side = this.sideOf(life)
    if (how.lost) this.ends[side].generation++
    this.close(life, !how.silent)
    if (how.silent) this.interrupted()
  }

  /** Breaks with all that is under way. */
  break(): void {
    for (const side of [0, 1] as const) {
      const end = this.ends[side]
      end.generation++
      this.network.schedule.after(this.network.delayMs(end.life.host, end.life.host), () =>
        this.network.when(end.life, () => this.close(end.life, true)),
      )
    }
  }

  /** Neither end will use it again. */
  get over(): boolean {
    return this.ends[0].closed && this.ends[1].closed
  }

  /** Both ends use it, or are about to. */
  get sound(): boolean {
    return !this.ends[0].closed && !this.ends[1].closed
  }
}

const other = (side: Side): Side => (side === 0 ? 1 : 0)
