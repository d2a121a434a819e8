import type { Message } from '../../src/cluster/message.js'
import { decode, encode } from '../../src/peer/codec.js'
import { Refusal } from '../../src/peer/refusal.js'
import { Violation } from './violation.js'

/**
 * What goes over the wire is a value: nothing that the sender does later may change it, and no receiver may change it
 * for another. So a message is copied as it is sent, and the copy frozen.
 */
export const copy = <T>(value: T): T => copyOf(value) as T

const copyOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(copyOf))
  const made: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) made[name] = copyOf(each)
  return Object.freeze(made)
}

/** What a node says its peers must be able to read: a frame that they refuse costs the link. */
export const checkWire = (message: Message): void => {
  const read = decode(encode(message))
  if (read instanceof Refusal) throw new Violation('wire', `${message.type}: ${read.message}`)
}
