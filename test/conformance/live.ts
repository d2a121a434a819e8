import type { Node } from '../../src/index.js'
import { Site } from '../jetstream/site.js'
import { ask } from '../live/ask.js'
import { draft, Lone } from '../support/core.js'
import type { Page, Published, Refused, Wish } from './world.js'

/** A cursor of a mesh that nobody here knows. */
export const ofAnotherMesh = (): string => {
  const stranger = new Lone({ name: 'stranger' })
  stranger.publish(draft('a', 'elsewhere'))
  return stranger.poll('earliest', ['a'], { waitMs: 0 }).cursor
}

/** And one of a stream. */
export const ofAStream = (): string => {
  const site = new Site()
  const seat = site.start('stranger')
  seat.publish(draft('a', 'elsewhere'))
  site.pass(200)
  return seat.ask('earliest', ['a'])?.cursor ?? ''
}

interface Told {
  readonly message_ids?: readonly string[]
  readonly copies?: number
  readonly duplicates?: readonly number[]
  readonly error?: { readonly code: string }
  readonly outcome?: string
}

/** As a client would, with a time that is longer than that of the node. */
export const publishTo = async (
  { url }: Node,
  database: string,
  wishes: readonly Wish[],
  minCopies = 1,
): Promise<Published> => {
  const messages = wishes.map(({ channel, text, key }) => ({ channel, message: { text }, ...(key && { key }) }))
  const reply = await ask(url, 'POST', `/${database}/bus/publish`, { messages, min_copies: minCopies }, 15_000)
  const { message_ids: ids, copies, duplicates = [], error, outcome }: Told = JSON.parse(reply.text)
  if (!ids || copies === undefined) return { code: error?.code ?? reply.text, unknown: outcome === 'unknown' }
  return { ids, copies, duplicates: ids.map((_, i) => duplicates.includes(i)) }
}

interface ToldPage {
  readonly messages?: readonly { readonly message: { readonly message_id: string; readonly text: unknown } }[]
  readonly cursor: string
  readonly reason?: string
  readonly oldest?: string
  readonly error?: { readonly code: string }
}

export const pollAt = async (
  { url }: Node,
  database: string,
  channels: readonly string[],
  cursor: string,
  limit = 1000,
): Promise<Page | Refused> => {
  const wanted = { channels, cursor, limit, timeout: 0 }
  const reply = await ask(url, 'POST', `/${database}/bus/poll`, wanted, 15_000)
  const told: ToldPage = JSON.parse(reply.text)
  if (!told.messages) return { code: told.error?.code ?? reply.text }
  const texts = told.messages.map(({ message }) => message.text)
  const ids = told.messages.map(({ message }) => message.message_id)
  return { texts, ids, cursor: told.cursor, gap: told.reason, oldest: told.oldest }
}
