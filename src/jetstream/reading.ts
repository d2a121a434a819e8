import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream'
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { decodeBatch } from './codec.js'
import type { Packet } from './core/port.js'
import { deliveredOf } from './delivered.js'
import type { Nats } from './nats.js'

/** How often the server says something when there is nothing to deliver, and after how long it forgets who listens no more. */
const heartbeatMs = 1000
const forgottenMs = 10_000
const nanos = 1_000_000

interface Parts {
  readonly nats: Nats
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: string
  readonly database: string
  readonly from: number | { readonly sinceMs: number }
  readonly on: {
    arrived(packets: readonly Packet[]): void
    idle(delivery: number): void
    broken(reason: string): void
  }
}

/** Where a reading starts, as NATS is told. */
export const startOf = (from: number | { readonly sinceMs: number }): Partial<ConsumerConfig> =>
  typeof from === 'number'
    ? { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, from) }
    : { deliver_policy: 'by_start_time', opt_start_time: new Date(from.sinceMs).toISOString() }

/**
 * One reading of a stream: a push consumer that the server forgets when nobody listens. Its messages are numbered by the
 * server, so whoever gets them sees what is lost on the way. What comes before the server has said where it begins, waits.
 */
export class Reading {
  readonly #parts: Parts
  readonly #subscription: Subscription
  readonly #inbox: string
  #held: Packet[] | undefined = []
  #fresh: Packet[] = []
  #name = ''
  #closed = false

  constructor(parts: Parts) {
    const { connection, nats } = parts
    this.#parts = parts
    this.#inbox = nats.transport.createInbox()
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error) this.#break(error.message)
        else this.#take(message)
      },
    })
  }

  /** Resolves with the number of the first message that it may deliver, and how many there are. */
  async start(): Promise<{ readonly from: number; readonly pending: number }> {
    const { manager, stream, from } = this.#parts
    const info = await manager.consumers.add(stream, {
      ...startOf(from),
      deliver_subject: this.#inbox,
      ack_policy: 'none',
      replay_policy: 'instant',
      flow_control: true,
      idle_heartbeat: heartbeatMs * nanos,
      inactive_threshold: forgottenMs * nanos,
      mem_storage: true,
      num_replicas: 1,
    })
    this.#name = info.name
    if (this.#closed) this.#forget()
    return { from: info.delivered.stream_seq + 1, pending: info.num_pending }
  }

  /** Delivers from now on. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    if (held.length > 0) this.#parts.on.arrived(held)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#subscription.unsubscribe()
    if (this.#name !== '') this.#forget()
  }

  /** It would be forgotten anyway. */
  #forget(): void {
    const { manager, stream, connection } = this.#parts
    if (!connection.isClosed()) manager.consumers.delete(stream, this.#name).catch(() => {})
  }

  #take(message: Msg): void {
    if (this.#closed) return
    const { headers } = message
    if (headers?.code) {
      this.#control(message, headers.code)
      return
    }
    const delivered = deliveredOf(message.reply)
    if (!delivered) return
    const packet = { ...delivered, batch: decodeBatch(message.data, this.#parts.database) }
    if (this.#held) this.#held.push(packet)
    else this.#gather(packet)
  }

  /** What comes in one piece is handed on in one. */
  #gather(packet: Packet): void {
    this.#fresh.push(packet)
    if (this.#fresh.length > 1) return
    queueMicrotask(() => {
      const packets = this.#fresh
      this.#fresh = []
      if (!this.#closed) this.#parts.on.arrived(packets)
    })
  }

  #control(message: Msg, code: number): void {
    const { headers, reply } = message
    if (code !== 100) {
      this.#break(headers?.description || `status ${code}`)
      return
    }
    const stalled = headers?.get('Nats-Consumer-Stalled')
    if (reply) message.respond()
    else if (stalled) this.#parts.connection.publish(stalled)
    const delivery = Number(headers?.get('Nats-Last-Consumer') || Number.NaN)
    if (!this.#held && Number.isSafeInteger(delivery)) this.#parts.on.idle(delivery)
  }

  #break(reason: string): void {
    if (!this.#closed) this.#parts.on.broken(reason)
  }
}
