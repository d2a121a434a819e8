import { STATUS_CODES } from 'node:http'
import type { Answer } from '../effect.js'
import type { Answers } from './answer.js'
import { Memo } from './memo.js'
import type { Form } from './operation.js'
import { type Body, framed } from './rope.js'

/** The time of day in words, made anew once a second. */
class DateLine {
  #second = -1
  #text = ''

  get text(): string {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    }
    return this.#text
  }
}

export const json: readonly string[] = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']

const okLine = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n'
/** Heads for bodies up to this length are kept for a second. */
const okHeadsMax = 4096
/** Proxies that know these let each event pass at once. */
export const eventHeaders: readonly string[] = [
  'Content-Type',
  'text/event-stream; charset=utf-8',
  'Cache-Control',
  'no-cache, no-transform',
  'X-Accel-Buffering',
  'no',
]

interface Parts {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Body
  /** The connection is closed after it. */
  readonly last: boolean
}

/** What an answer was put into. Strings are put together when they are first looked at: that of many readers once for all. */
class Kept {
  #body: Body
  #asked = 0

  constructor(body: Body) {
    this.#body = body
  }

  read(): Body {
    // Who asks again is one of many.
    if (++this.#asked === 2 && typeof this.#body === 'string')
      this.#body = Buffer.from(this.#body, 'latin1').toString('latin1')
    return this.#body
  }
}

/** Writes answers from the status line to the last byte, as node:http would, for where it has no part in it. */
export class Replies {
  readonly #answers: Answers
  readonly #date = new DateLine()
  readonly #keepAlive: string
  #okDate = ''
  #okHeads = new Array<string | undefined>(okHeadsMax)
  readonly #last = {
    bus: new Memo((answer: Answer) => new Kept(this.ok(this.#answers.write('bus', answer)))),
    page: new Memo((answer: Answer) => new Kept(this.ok(this.#answers.write('page', answer)))),
  }

  constructor(answers: Answers, keepAliveMs: number) {
    this.#answers = answers
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`
  }

  of({ status, headers, body, last }: Parts): Body {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
    for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
    return this.#joined(head, body, last)
  }

  /** The most frequent of all: nothing has to be put together but the length and the time. */
  ok(body: Body): Body {
    return framed(this.#okHead(body.length), body)
  }

  /** Put together once for all readers that get the same answer. */
  shared(form: Form, answer: Answer): Body {
    return (form === 'bus' ? this.#last.bus : this.#last.page).of(answer).read()
  }

  /** All but the body, for so many bytes; the time is in it, so it is made anew each second. */
  #okHead(length: number): string {
    const { text } = this.#date
    if (text !== this.#okDate) {
      this.#okDate = text
      this.#okHeads.fill(undefined)
    }
    const known = length < okHeadsMax ? this.#okHeads[length] : undefined
    if (known !== undefined) return known
    const whole = `${okLine}Content-Length: ${length}\r\n${text}${this.#keepAlive}`
    if (length < okHeadsMax) this.#okHeads[length] = Buffer.from(whole).toString('latin1')
    return whole
  }

  #joined(head: string, body: Body, last: boolean): Body {
    const length = `Content-Length: ${body.length}\r\n`
    // In the order in which node:http has them.
    const tail = last ? `Connection: close\r\n${this.#date.text}\r\n` : `${this.#date.text}${this.#keepAlive}`
    return framed(head + length + tail, body)
  }
}
