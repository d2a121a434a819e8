import type { JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { decodeBatch } from './codec.js'
import type { Packet } from './core/port.js'
import { deliveredOf } from './delivered.js'
import type { Nats } from './nats.js'
import { startOf } from './reading.js'

const messagesMax = 1000
const pageMs = 4000
const nanos = 1_000_000

interface Parts {
  readonly nats: Nats
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: string
  readonly database: string
  readonly from: number
  /** At the most, but for one message, which always fits. */
  readonly bytes: number
}

export interface Page {
  readonly packets: readonly Packet[]
  readonly ends: boolean
}

/** What one request brings: as many as there are, or fit. */
const pull = (parts: Parts, consumer: string, wish: { batch: number; max_bytes?: number }): Promise<Page> => {
  const { nats, connection, stream, database } = parts
  const inbox = nats.transport.createInbox()
  const packets: Packet[] = []
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(new Error('the page took too long')), pageMs)
    const end = (result: Page | Error): void => {
      clearTimeout(timer)
      subscription.unsubscribe()
      if (result instanceof Error) reject(result)
      else resolve(result)
    }
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        const { headers } = message ?? {}
        if (error) end(error)
        else if (headers?.code === 404) end({ packets, ends: true })
        // 408 and 409: the request is over, by its time or its bytes.
        else if (headers?.code) end({ packets, ends: false })
        else {
          const delivered = deliveredOf(message.reply)
          if (delivered) packets.push({ ...delivered, batch: decodeBatch(message.data, database) })
          const ends = delivered?.pending === 0
          if (ends || packets.length === wish.batch) end({ packets, ends })
        }
      },
    })
    const request = { no_wait: true, ...wish }
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: inbox })
  })
}

/** All there is in the stream from one message on, as far as it fits. */
export const fetchPage = async (parts: Parts): Promise<Page> => {
  const { manager, stream, from, bytes } = parts
  const { name } = await manager.consumers.add(stream, {
    ...startOf(from),
    ack_policy: 'none',
    replay_policy: 'instant',
    inactive_threshold: 2 * pageMs * nanos,
    mem_storage: true,
    num_replicas: 1,
  })
  try {
    const page = await pull(parts, name, { batch: messagesMax, max_bytes: bytes })
    return page.packets.length > 0 || page.ends ? page : await pull(parts, name, { batch: 1 })
  } finally {
    manager.consumers.delete(stream, name).catch(() => {})
  }
}
