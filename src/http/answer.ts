import type { Answer, Outcome, Shown } from '../effect.js'
import { Memo } from './memo.js'
import type { Form } from './operation.js'

/** The bytes of an answer; a string stands for one byte a character (latin1), so `length` counts bytes in both. */
export type Body = string | Buffer

export type Part = string | Uint8Array

/** Node sends a short string in one piece with the headers, which is cheaper than two; longer ones are not worth it. */
const stringMax = 16 * 1024

const sizeOf = (part: Part): number => (typeof part === 'string' ? Buffer.byteLength(part) : part.length)

export const joined = (parts: readonly Part[]): Body => {
  const bytes = Buffer.allocUnsafe(parts.reduce((size, part) => size + sizeOf(part), 0))
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') at += bytes.write(part, at)
    else {
      bytes.set(part, at)
      at += part.length
    }
  }
  return bytes.length <= stringMax ? bytes.toString('latin1') : bytes
}

export const bodyOf = (text: string): Body => joined([text])

/** Puts the id into the hole; the rest is passed on as it was accepted. */
export const pushMessage = (parts: Part[], { channel, data, hole, id }: Shown): void => {
  parts.push(`"channel":${JSON.stringify(channel)},"message":`)
  parts.push(data.subarray(0, hole), JSON.stringify(id), data.subarray(hole))
}

const page = ({ messages, cursor, gap }: Answer): Body => {
  const parts: Part[] = ['{"messages":[']
  messages.forEach((shown, i) => {
    parts.push(i === 0 ? '{' : ',{')
    pushMessage(parts, shown)
    parts.push(shown.late ? ',"late":true}' : '}')
  })
  parts.push(`],"cursor":${JSON.stringify(cursor)}`)
  if (gap) parts.push(`,"gap":true,"reason":"${gap.reason}"`)
  if (gap?.oldest !== undefined) parts.push(`,"oldest":${JSON.stringify(gap.oldest)}`)
  parts.push('}')
  return joined(parts)
}

const single = ({ messages, gap }: Answer): Body => {
  const [first] = messages
  if (!first) return '{"channel":null,"message":null}'
  const parts: Part[] = ['{']
  pushMessage(parts, first)
  parts.push(gap ? ',"gap":true}' : '}')
  return joined(parts)
}

/** Writes what the core answers. Many readers get the same answer, one after the other, so it is written once for them. */
export class Answers {
  readonly #last = { bus: new Memo(single), page: new Memo(page) }

  write(form: Form, answer: Answer): Body {
    return (form === 'bus' ? this.#last.bus : this.#last.page).of(answer)
  }
}

export const publishedBody = (form: Form, { ids, copies, duplicates }: Extract<Outcome, { ok: true }>): Body => {
  // Ids are ASCII, so these characters are bytes.
  if (form === 'many') {
    const before = duplicates.flatMap((isDuplicate, i) => (isDuplicate ? [i] : []))
    const places = before.length > 0 ? `,"duplicates":${JSON.stringify(before)}` : ''
    return `{"message_ids":${JSON.stringify(ids)},"copies":${copies}${places}}`
  }
  const duplicate = duplicates[0] ? ',"duplicate":true' : ''
  return `{"message_id":"${ids[0]}","copies":${copies}${duplicate}}`
}
