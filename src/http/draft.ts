import { createHash } from 'node:crypto'
import { EngineError } from '../errors.js'
import type { Draft } from '../log/record.js'
import { checkKey, isNull, misfit, refuse } from './fields.js'
import type { Scan } from './json.js'
import type { HttpOptions } from './limits.js'

/** A message as accepted, with a hole for its id (see Draft), and the id that its publisher gave it. */
export interface Message {
  readonly data: Buffer
  readonly hole: number
  readonly ownId: string | undefined
}

const label = Buffer.from('"message_id":')
const opening = Buffer.from('{"message_id":')
const comma = Buffer.from(',')
const nothing = Buffer.alloc(0)

const ownIdOf = (scan: Scan): string | undefined => {
  if (isNull(scan)) return undefined
  if (scan.kind === 'string') return scan.string()
  scan.skip()
  throw new EngineError('bad_key', 'message_id is an idempotency key, so it must be a string')
}

/** Reads the message that comes next. Its bytes stay as they are, but for the member `message_id`, in any spelling. */
export const readMessage = (scan: Scan, bytesMax: number): Message => {
  if (scan.kind !== 'object') misfit(scan, 'message must be an object')
  const { bytes, at: start } = scan
  let members = 0
  let ownId: string | undefined
  let cut: readonly [from: number, to: number] | undefined
  scan.openObject()
  for (; scan.nextMember(); members++) {
    if (!scan.keyIs('message_id')) {
      scan.skip()
      continue
    }
    if (cut) refuse('message has message_id twice')
    const from = scan.keyAt
    ownId = ownIdOf(scan)
    cut = [from, scan.at]
  }
  const end = scan.at
  if (end - start > bytesMax) throw new EngineError('too_large', `a message is at most ${bytesMax} bytes`)
  const head = cut ? [bytes.subarray(start, cut[0]), label] : [opening]
  const tail = cut ? [bytes.subarray(cut[1], end)] : [members > 0 ? comma : nothing, bytes.subarray(start + 1, end)]
  // Copied, so that the log does not keep whole request bodies alive.
  return { data: Buffer.concat([...head, ...tail]), hole: head.reduce((size, each) => size + each.length, 0), ownId }
}

const digestOf = (channel: string, data: Buffer): string =>
  createHash('sha256').update(channel).update('\0').update(data).digest('base64url').slice(0, 16)

interface DraftParts {
  readonly database: string
  readonly channel: string
  readonly message: Message
  /** Given beside the message; it counts before the message's own id. */
  readonly key: string | undefined
}

export const draftOf = ({ database, channel, message, key }: DraftParts, options: HttpOptions): Draft => {
  const { data, hole, ownId } = message
  const given = key ?? ownId
  if (given === undefined) return { database, channel, data, hole }
  return { database, channel, data, hole, key: checkKey(given, options), digest: digestOf(channel, data) }
}
