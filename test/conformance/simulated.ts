import type { Answer, From } from '../../src/effect.js'
import type { Draft } from '../../src/log/record.js'
import { draft, textsOf } from '../support/core.js'
import type { Page, Published, Refused, Wish } from './world.js'

/** A wish as the core is handed it. */
export const draftsOf = (database: string, wishes: readonly Wish[]): Draft[] =>
  wishes.map(({ channel, text, key }) => {
    const keyed = key === undefined ? {} : { key, digest: JSON.stringify([channel, text]) }
    return draft(channel, text, { database, ...keyed })
  })

export const fromOf = (text: string): From => (text === 'now' || text === 'earliest' ? text : { cursor: text })

export const pageOf = (answer: Answer): Page => ({
  texts: textsOf(answer),
  ids: answer.messages.map(({ id }) => id),
  cursor: answer.cursor,
  gap: answer.gap?.reason,
  oldest: answer.gap?.oldest,
})

interface Outcomes {
  readonly outcomes: ReadonlyMap<object, import('../../src/effect.js').Outcome>
}

export const publishedOf = ({ outcomes }: Outcomes, publisher: object): Published => {
  const outcome = outcomes.get(publisher)
  if (!outcome) throw new Error('a publish without an outcome')
  return outcome
}

export const refused = (code: string | undefined): Refused => ({ code: code ?? 'no answer' })
