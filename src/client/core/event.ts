import { elementsOf, memberOf } from './slices.js'

/** A message's content: a JSON object, with the id that the bus has given it. */
export interface Content {
  readonly message_id: string
  readonly [name: string]: unknown
}

/** A message. */
export interface Message {
  readonly type: 'message'
  readonly channel: string
  readonly message: Content
  /** Its id, and a cursor: whoever goes on from here gets what comes after it. */
  readonly id: string
  /** It belongs before something that was shown already: it comes from the other side of a split that has healed. */
  readonly late: boolean
  /** The trace that its publisher said it belongs to (W3C Trace Context). */
  readonly traceparent?: string
  /** Of `message`, as it was published, byte for byte; only if `text` was asked for. */
  readonly text?: string
}

/** Messages are missing here. */
export interface Gap {
  readonly type: 'gap'
  /** `evicted`: not kept any more; `unknown_origin`: the cursor comes from nodes that this cluster does not know; `other_log`: from another log than these nodes run on. */
  readonly reason: string
  /** The first that is still kept. */
  readonly oldest?: string
}

/** What a subscription gives, in order. */
export type Event = Message | Gap

/** An event, and how far one is behind it; one without an event only moves the cursor. */
export interface Entry {
  readonly event?: Event
  readonly cursor?: string
}

interface ToldMessage {
  readonly channel: string
  readonly message: Content
  readonly late?: boolean
  readonly traceparent?: string
}

interface ToldGap {
  readonly reason?: string
  readonly oldest?: string
}

interface ToldPage extends ToldGap {
  readonly messages: readonly ToldMessage[]
  readonly cursor: string
  readonly gap?: boolean
}

const messageEntry = (told: ToldMessage, text: string | undefined): Entry => {
  const { channel, message, late, traceparent } = told
  const id = message.message_id
  const plain = { type: 'message', channel, message, id, late: late === true } as const
  const event = traceparent === undefined ? plain : { ...plain, traceparent }
  return { event: text === undefined ? event : { ...event, text }, cursor: id }
}

/** `cursor`: where one is behind it; none if messages follow that came with it. */
const gapEntry = ({ reason = '', oldest }: ToldGap, cursor: string | undefined): Entry => ({
  event: { type: 'gap', reason, ...(oldest === undefined ? {} : { oldest }) },
  ...(cursor === undefined ? {} : { cursor }),
})

/** An answer to a poll. */
export const readPage = (text: string, withText: boolean): { readonly entries: Entry[]; readonly cursor: string } => {
  const page: ToldPage = JSON.parse(text)
  const { cursor, messages } = page
  if (typeof cursor !== 'string' || !Array.isArray(messages)) throw new TypeError('this is no answer to a poll')
  const texts = withText ? elementsOf(text, 'messages') : []
  const entries = page.gap ? [gapEntry(page, undefined)] : []
  messages.forEach((each, i) => {
    entries.push(messageEntry(each, withText ? memberOf(texts[i] ?? '', 'message') : undefined))
  })
  entries.push({ cursor })
  return { entries, cursor }
}

/** A message of a stream. */
export const readMessage = (text: string, withText: boolean): Entry =>
  messageEntry(JSON.parse(text), withText ? memberOf(text, 'message') : undefined)

/** A gap that a stream tells of. */
export const readGap = (text: string, cursor: string | undefined): Entry => gapEntry(JSON.parse(text), cursor)
