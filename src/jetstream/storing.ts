import { createHash } from 'node:crypto'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Told } from './client.js'
import { encodeBatch } from './codec.js'
import type { LogRequest } from './core/port.js'
import type { Nats } from './nats.js'

export type Storing = Extract<LogRequest, { is: 'store' }>

interface Means {
  readonly nats: Nats
  readonly connection: NatsConnection
}

/** In which the log must confirm it; then it is sent again. */
const confirmMs = 2000
const idMax = 64
/** What NATS counts beside the message: the header with the id. */
const headerBytes = 128
/** Of JetStream: the message is larger than this stream takes. */
const tooLarge = 10054

interface Confirmation {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly err_code?: number; readonly description?: string }
}

const shortened = (id: string): string =>
  id.length <= idMax && /^[!-~]*$/.test(id) ? id : createHash('sha256').update(id).digest('base64url')

/** Publishes a batch as one message, and says what the log answered. */
export const store = async ({ nats, connection }: Means, subject: string, request: Storing): Promise<Told> => {
  const { ticket, id, batch } = request
  const refused = (reason: string): Told => ({ is: 'unstored', ticket, reason, sure: true, code: 'too_large' })
  const data = encodeBatch(batch)
  const bytesMax = (connection.info?.max_payload ?? 2 ** 20) - headerBytes
  if (data.length > bytesMax)
    return refused(`the log takes ${bytesMax} bytes at a time (max_payload of NATS), and this is ${data.length}`)
  const headers = nats.transport.headers()
  headers.set('Nats-Msg-Id', shortened(id))
  try {
    const reply = await connection.request(subject, data, { timeout: confirmMs, headers })
    const { seq, duplicate = false, error }: Confirmation = reply.json()
    if (seq !== undefined) return { is: 'stored', ticket, seq, duplicate }
    const reason = error?.description ?? 'the log has refused it'
    return error?.err_code === tooLarge ? refused(reason) : { is: 'unstored', ticket, reason, sure: true }
  } catch (error) {
    const isNobody = error instanceof nats.transport.RequestError && error.isNoResponders()
    const reason = isNobody ? 'no server has the stream' : error instanceof Error ? error.message : String(error)
    return { is: 'unstored', ticket, reason, sure: isNobody }
  }
}
