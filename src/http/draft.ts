import { createHash } from 'node:crypto'
import { EngineError } from '../errors.js'
import { apart } from '../log/apart.js'
import type { Draft } from '../log/record.js'
import { checkKey, isNull, misfit, refuse } from './fields.js'
import type { Scan } from './json.js'
import type { HttpOptions } from './limits.js'

/** A message as accepted, and the id that its publisher gave it. */
export interface Message extends Pick<Draft, 'head' | 'tail'> {
  readonly ownId: string | undefined
}

const ownIdOf = (scan: Scan): string | undefined => {
  if (isNull(scan)) return undefined
  if (scan.kind === 'string') return scan.string()
  scan.skip()
  throw new EngineError('bad_key', 'message_id is an idempotency key, so it must be a string')
}

/**
 * Reads the message that comes next. Its bytes stay as they are, but for the member `message_id`, in any spelling. Who keeps
 * it beyond the step that takes it in makes a copy (`draftApart`).
 */
export const readMessage = (scan: Scan, bytesMax: number): Message => {
  if (scan.kind !== 'object') misfit(scan, 'message must be an object')
  const { at: start } = scan
  let ownId: string | undefined
  let cut: readonly [from: number, to: number] | undefined
  scan.openObject()
  let members = 0
  for (; scan.nextMember(); members++) {
    if (!scan.keyIs('message_id')) {
      scan.skip()
      continue
    }
    if (cut) refuse('message has message_id twice')
    const { from } = scan
    ownId = ownIdOf(scan)
    cut = [from, scan.at]
  }
  const end = scan.at
  if (end - start > bytesMax) throw new EngineError('too_large', `a message is at most ${bytesMax} bytes`)
  if (!cut) return { head: members > 0 ? '' : '{"message_id":', tail: scan.piece(start + 1, end), ownId }
  const head = `${scan.own(start, cut[0])}"message_id":`
  return { head, tail: scan.piece(cut[1], end), ownId }
}

const digestOf = (channel: string, { head, tail }: Message): string => {
  const hash = createHash('sha256').update(channel).update('\0').update(head, 'latin1')
  const whole = typeof tail === 'string' ? hash.update(tail, 'latin1') : hash.update(tail.bytes)
  return whole.digest('base64url').slice(0, 16)
}

interface DraftParts {
  readonly database: string
  readonly channel: string
  readonly message: Message
  /** Given beside the message; it counts before the message's own id. */
  readonly key: string | undefined
  readonly traceparent?: string | undefined
}

export const draftOf = (parts: DraftParts, options: HttpOptions): Draft => {
  const { traceparent } = parts
  const draft = untracedOf(parts, options)
  return traceparent === undefined ? draft : { ...draft, traceparent }
}

const untracedOf = ({ database, channel, message, key }: DraftParts, options: HttpOptions): Draft => {
  const { head, tail, ownId } = message
  const given = key ?? ownId
  if (given === undefined) return { database, channel, head, tail }
  return { database, channel, head, tail, key: apart(checkKey(given, options)), digest: digestOf(channel, message) }
}
