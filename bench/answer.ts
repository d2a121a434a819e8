import type { Answer, Shown } from '../src/effect.js'
import { Answers, publishedBody } from '../src/http/answer.js'
import { json, Replies } from '../src/http/reply.js'
import { type Part, repeated } from './part.js'
import { payload } from './payload.js'

const id = '1.R7kT4V--.R7kT4V--A1b2c33abc.R7kT4V--D1e2f33abc.R7kT4V--G1h2i33abc.s0me'

const answerOf = (messages: number, bytes: number): Answer => ({
  messages: Array.from(
    { length: messages },
    (): Shown => ({
      channel: 'news',
      head: '',
      tail: payload(bytes),
      id,
      late: false,
    }),
  ),
  cursor: id,
})

const page = (messages: number, bytes: number): Part['cases'][number] => ({
  name: `page of ${messages} of ${bytes} B`,
  prepare: () => {
    const replies = new Replies(new Answers(), 65_000)
    const answer = answerOf(messages, bytes)
    // Each one is another answer: none is remembered. Its bytes are asked for, or it would not be put together.
    return repeated(() => Buffer.from(replies.shared('page', { ...answer }) as string, 'latin1'))
  },
})

/** Answers as bytes. */
export const answer: Part = {
  name: 'answer',
  cases: [
    page(1, 200),
    page(1, 4096),
    page(50, 200),
    {
      name: 'the same page again',
      prepare: () => {
        const replies = new Replies(new Answers(), 65_000)
        const answer = answerOf(1, 200)
        return repeated(() => replies.shared('page', answer))
      },
    },
    {
      name: "Tryton's answer, 200 B",
      prepare: () => {
        const replies = new Replies(new Answers(), 65_000)
        const answer = answerOf(1, 200)
        return repeated(() => Buffer.from(replies.shared('bus', { ...answer }) as string, 'latin1'))
      },
    },
    {
      name: 'a publish acknowledged',
      prepare: () => {
        const replies = new Replies(new Answers(), 65_000)
        const outcome = { ok: true, ids: [id], copies: 3, duplicates: [false] } as const
        return repeated(() => Buffer.from(replies.ok(publishedBody('one', outcome)) as string, 'latin1'))
      },
    },
    {
      name: 'a refusal',
      prepare: () => {
        const replies = new Replies(new Answers(), 65_000)
        const body = '{"error":"bad_cursor","message":"the cursor is not one that this bus issues"}'
        return repeated(() => replies.of({ status: 400, headers: json, body, last: false }))
      },
    },
  ],
}
