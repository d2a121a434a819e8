import type { Answer, Outcome, Shown } from '../effect.js'
import { Memo } from './memo.js'
import type { Form } from './operation.js'

/** The bytes of an answer; a string stands for one byte a character (latin1), so `length` counts bytes in both. */
export type Body = string | Buffer

/** Node sends a short string in one piece with the headers, which is cheaper than two; a longer one is copied for each reader. */
const stringMax = 16 * 1024

// biome-ignore lint/suspicious/noControlCharactersInRegex: all that UTF-8 writes as one byte.
const ascii = /^[\u0000-\u007f]*$/

/** The UTF-8 of a text, a character a byte. */
export const bodyOf = (text: string): string => (ascii.test(text) ? text : Buffer.from(text).toString('latin1'))

/** As bytes where they are so many that it is worth it. */
export const packed = (text: string): Body => (text.length <= stringMax ? text : Buffer.from(text, 'latin1'))

/** Puts the id where it belongs; the rest is passed on as it was accepted. */
export const messageText = ({ head, tail, id }: Shown): string =>
  head === '' ? `{"message_id":"${id}",${tail}` : `${head}"${id}"${tail}`

/** What else there is to say of a message, and the end of the object. */
export const endText = ({ late, traceparent }: Shown): string => {
  if (traceparent === undefined) return late ? ',"late":true}' : '}'
  return `${late ? ',"late":true' : ''},"traceparent":"${traceparent}"}`
}

/** Channel and message, as members of an object. */
export const memberText = (shown: Shown): string =>
  `"channel":${bodyOf(JSON.stringify(shown.channel))},"message":${messageText(shown)}`

const page = ({ messages, cursor, gap }: Answer): Body => {
  let text = '{"messages":['
  messages.forEach((shown, i) => {
    text += `${i === 0 ? '{' : ',{'}${memberText(shown)}${endText(shown)}`
  })
  text += `],"cursor":"${cursor}"`
  if (gap) text += `,"gap":true,"reason":"${gap.reason}"`
  if (gap?.oldest !== undefined) text += `,"oldest":"${gap.oldest}"`
  return packed(`${text}}`)
}

const single = ({ messages, gap }: Answer): Body => {
  const [first] = messages
  if (!first) return '{"channel":null,"message":null}'
  return packed(`{${memberText(first)}${gap ? ',"gap":true}' : '}'}`)
}

/** Writes what the core answers. Many readers get the same answer, one after the other, so it is written once for them. */
export class Answers {
  readonly #last = { bus: new Memo(single), page: new Memo(page) }

  write(form: Form, answer: Answer): Body {
    return (form === 'bus' ? this.#last.bus : this.#last.page).of(answer)
  }
}

const placesText = (duplicates: readonly boolean[]): string => {
  if (!duplicates.includes(true)) return ''
  const places = duplicates.flatMap((isDuplicate, i) => (isDuplicate ? [i] : []))
  return `,"duplicates":${JSON.stringify(places)}`
}

export const publishedBody = (form: Form, { ids, copies, duplicates }: Extract<Outcome, { ok: true }>): Body => {
  // Ids are ASCII, so these characters are bytes.
  if (form === 'many') return `{"message_ids":["${ids.join('","')}"],"copies":${copies}${placesText(duplicates)}}`
  const duplicate = duplicates[0] ? ',"duplicate":true' : ''
  return `{"message_id":"${ids[0]}","copies":${copies}${duplicate}}`
}
