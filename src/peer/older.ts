import type { Direct, Message } from '../cluster/message.js'
import type { Record } from '../log/record.js'

const tracesSince = 2

const untraced = <R extends Record>(record: R): R => {
  if (record.traceparent === undefined) return record
  const { traceparent: _, ...rest } = record
  return rest as R
}

const untracedMessage = <M extends Direct>(message: M): M =>
  'records' in message ? { ...message, records: message.records.map(untraced) } : message

/** A message without what this protocol has no room for. */
export const asSpoken = (message: Message, protocol: number): Message => {
  if (protocol >= tracesSince) return message
  return message.type === 'relay' ? { ...message, message: untracedMessage(message.message) } : untracedMessage(message)
}
