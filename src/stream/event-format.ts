import type { Answer } from '../effect.js'
import { bodyOf, endText, headText } from '../http/answer.js'
import { Memo } from '../http/memo.js'
import { type Body, framed, Strand } from '../http/rope.js'
import type { Format } from './format.js'

const newline = /\r\n|\r|\n/g

/** White space between the parts of a message may hold line ends, each of which begins a field of an event anew. */
const dataOf = (text: string): string => text.replace(newline, '\ndata: ')

const event = (type: string, id: string | undefined, data: object): string =>
  `event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`

/** The first event: where the stream begins. */
export const positionEvent = (cursor: string, retryMs: number): Body =>
  `retry: ${retryMs}\n${event('position', cursor, { cursor })}`

/** The last one, if there is time for it. */
export const endEvent = (error: object, retryMs: number): Body =>
  bodyOf(`retry: ${retryMs}\n${event('end', undefined, error)}`)

/** An answer as events. While messages follow, a gap has no id: who is cut off between the two is told again. */
const eventsOf = ({ messages, cursor, gap }: Answer): Body => {
  const strand = new Strand()
  if (gap) strand.add(event('gap', messages.length > 0 ? undefined : cursor, { gap: true, ...gap }))
  for (const shown of messages) {
    strand.add(`id: ${shown.id}\ndata: {${dataOf(headText(shown))}`)
    strand.add(dataOf(shown.tail))
    strand.add(`${endText(shown)}\n\n`)
  }
  return strand.end()
}

/** A comment shows that the stream lives; a cursor has to come with an event, or some clients don't take note of it. */
const beatOf = (cursor: string, moved: boolean): Body => (moved ? event('heartbeat', cursor, { cursor }) : ':\n\n')

const chunk = (body: Body): Body => framed(`${body.length.toString(16)}\r\n`, body, '\r\n')

export interface EventFormat extends Format {
  /** One or more events, for the wire. */
  wrap(events: Body): Body
  /** What stands behind the last one. */
  readonly end: string
}

/** For a client that reads until the connection is closed. */
export class PlainEvents implements EventFormat {
  readonly #answer = new Memo(eventsOf)

  answer(answer: Answer): Body {
    return this.#answer.of(answer)
  }

  beat(cursor: string, moved: boolean): Body {
    return beatOf(cursor, moved)
  }

  wrap(body: Body): Body {
    return body
  }

  readonly end = ''
}

/** For HTTP/1.1, in chunks, so that a client can tell an end from a cut. */
export class ChunkedEvents implements EventFormat {
  readonly #plain: PlainEvents
  readonly #answer = new Memo((answer: Answer) => chunk(this.#plain.answer(answer)))
  readonly end = '0\r\n\r\n'

  constructor(plain: PlainEvents) {
    this.#plain = plain
  }

  answer(answer: Answer): Body {
    return this.#answer.of(answer)
  }

  beat(cursor: string, moved: boolean): Body {
    return chunk(beatOf(cursor, moved))
  }

  wrap(body: Body): Body {
    return chunk(body)
  }
}
