import type { Answer, Outcome, Shown } from '../effect.js'
import { Memo } from './memo.js'
import type { Form } from './operation.js'
import { type Body, Strand } from './rope.js'

// biome-ignore lint/suspicious/noControlCharactersInRegex: all that UTF-8 writes as one byte.
const ascii = /^[\u0000-\u007f]*$/

/** The UTF-8 of a text, a character a byte. */
export const bodyOf = (text: string): string => (ascii.test(text) ? text : Buffer.from(text).toString('latin1'))

/** What stands in JSON as it is. */
const unescaped = /^[ !#-[\]-~]*$/

/** As JSON; most names are what they are, between quotes. */
const quoted = (text: string): string => (unescaped.test(text) ? `"${text}"` : bodyOf(JSON.stringify(text)))

/** Channel and message, as members of an object, as far as the message's tail: that follows as it was accepted. */
export const headText = ({ channel, head, id }: Shown): string => {
  const name = `"channel":${quoted(channel)},"message":`
  return head === '' ? `${name}{"message_id":"${id}",` : `${name}${head}"${id}"`
}

/** What follows the message: what else there is to say of it, and the end of the object. */
export const endText = ({ late, traceparent }: Shown): string => {
  if (traceparent === undefined) return late ? ',"late":true}' : '}'
  return `${late ? ',"late":true' : ''},"traceparent":"${traceparent}"}`
}

const page = ({ messages, cursor, gap }: Answer): Body => {
  const strand = new Strand()
  strand.add('{"messages":[')
  let before = '{'
  for (const shown of messages) {
    strand.add(before + headText(shown))
    strand.add(shown.tail)
    strand.add(endText(shown))
    before = ',{'
  }
  strand.add(`],"cursor":"${cursor}"`)
  if (gap) strand.add(`,"gap":true,"reason":"${gap.reason}"`)
  if (gap?.oldest !== undefined) strand.add(`,"oldest":"${gap.oldest}"`)
  strand.add('}')
  return strand.end()
}

const single = ({ messages, gap }: Answer): Body => {
  const [first] = messages
  if (!first) return '{"channel":null,"message":null}'
  const strand = new Strand()
  strand.add(`{${headText(first)}`)
  strand.add(first.tail)
  strand.add(gap ? ',"gap":true}' : '}')
  return strand.end()
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

export const publishedBody = (form: Form, { ids, copies, duplicates }: Extract<Outcome, { ok: true }>): string => {
  // Ids are ASCII, so these characters are bytes.
  if (form === 'many') return `{"message_ids":["${ids.join('","')}"],"copies":${copies}${placesText(duplicates)}}`
  const duplicate = duplicates[0] ? ',"duplicate":true' : ''
  return `{"message_id":"${ids[0]}","copies":${copies}${duplicate}}`
}
