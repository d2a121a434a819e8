import type { Node } from '../../src/node.js'
import { portOf } from '../stream/stage.js'
import { EventReader, Inbox, SocketReader } from '../stream/tap.js'

/** What a reader is given, in the same words whatever way it comes. */
export type Item =
  | { readonly is: 'at'; readonly cursor: string }
  | {
      readonly is: 'message'
      readonly channel: string
      readonly id: string
      readonly n: unknown
      readonly late: boolean
    }
  | { readonly is: 'gap'; readonly reason: unknown; readonly oldest: unknown }
  | { readonly is: 'end' }
  | { readonly is: 'refused'; readonly code: string }

export interface Reading {
  readonly items: Inbox<Item>
  /** Ends it from this side. */
  close(): void
}

export interface From {
  readonly node: Node
  readonly channels: readonly string[]
  readonly from: string
}

/** One way to read; each says the same. */
export interface Transport {
  readonly name: string
  /** Tryton's clients have no cursors beside the ids of messages, and are not told what is late. */
  readonly bare?: true
  read(from: From): Reading
}

interface Shown {
  readonly channel: string
  readonly message: { readonly message_id: string; readonly n: unknown }
  readonly late?: boolean
}

interface Page {
  readonly messages: readonly Shown[]
  readonly cursor: string
  readonly gap?: boolean
  readonly reason?: string
  readonly oldest?: string
  readonly error?: { readonly code: string }
}

const itemOf = ({ channel, message, late = false }: Shown): Item => ({
  is: 'message',
  channel,
  id: message.message_id,
  n: message.n,
  late,
})

const ask = async (node: Node, action: string, body: object, signal: AbortSignal): Promise<unknown> => {
  const headers = { 'Content-Type': 'application/json' }
  const url = `${node.url}/main/bus${action}`
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
  return answer.json()
}

const poll: Transport = {
  name: 'native poll',
  read: ({ node, channels, from }) => {
    const items = new Inbox<Item>()
    const abort = new AbortController()
    const run = async (): Promise<void> => {
      let cursor = from
      for (let first = true; ; first = false) {
        const timeout = first ? 0 : 30
        const page = (await ask(node, '/poll', { channels, cursor, timeout }, abort.signal)) as Page
        if (page.error)
          return items.put(page.error.code === 'draining' ? { is: 'end' } : { is: 'refused', code: page.error.code })
        if (first && !page.error)
          items.put({ is: 'at', cursor: page.messages.length > 0 || page.gap ? from : page.cursor })
        if (page.gap) items.put({ is: 'gap', reason: page.reason, oldest: page.oldest })
        for (const shown of page.messages) items.put(itemOf(shown))
        cursor = page.cursor
      }
    }
    run().catch(() => items.put({ is: 'end' }))
    return { items, close: () => abort.abort() }
  },
}

const events: Transport = {
  name: 'server-sent events',
  read: ({ node, channels, from }) => {
    const items = new Inbox<Item>()
    const query = [...channels.map((channel) => `channel=${encodeURIComponent(channel)}`), `from=${from}`].join('&')
    const reader = new EventReader(portOf(node), `/main/bus/events?${query}`)
    reader.events.each(({ type, data }) => {
      const told = JSON.parse(data)
      if (type === 'position') items.put({ is: 'at', cursor: told.cursor })
      else if (type === 'message') items.put(itemOf(told))
      else if (type === 'gap') items.put({ is: 'gap', reason: told.reason, oldest: told.oldest })
    })
    reader.head.then((head) => {
      if (!head.startsWith('HTTP/1.1 200'))
        items.put({ is: 'refused', code: /"code":"(\w+)"/.exec(reader.rest)?.[1] ?? head })
    })
    reader.closed.then(() => items.put({ is: 'end' }))
    return { items, close: () => reader.close() }
  },
}

const socket: Transport = {
  name: 'WebSocket',
  read: ({ node, channels, from }) => {
    const items = new Inbox<Item>()
    const reader = new SocketReader(portOf(node), '/main/bus/socket')
    reader.frames.each(({ type, ...told }) => {
      if (type === 'subscribed') items.put({ is: 'at', cursor: String(told['cursor']) })
      else if (type === 'message') items.put(itemOf(told as unknown as Shown))
      else if (type === 'gap') items.put({ is: 'gap', reason: told['reason'], oldest: told['oldest'] })
      else if (type === 'error' && told['id'] === 1)
        items.put({ is: 'refused', code: (told['error'] as { code: string }).code })
    })
    reader.send({ type: 'subscribe', id: 1, channels, from }).catch(() => {})
    reader.closed.then(() => items.put({ is: 'end' }))
    return { items, close: () => reader.close() }
  },
}

interface Single extends Partial<Shown> {
  readonly gap?: boolean
  readonly error?: { readonly code: string }
}

const tryton: Transport = {
  name: "Tryton's long-poll",
  bare: true,
  read: ({ node, channels, from }) => {
    const items = new Inbox<Item>()
    const abort = new AbortController()
    const run = async (): Promise<void> => {
      let last = from === 'earliest' ? null : from
      for (;;) {
        const { channel, message, gap, error } = (await ask(
          node,
          '',
          { channels, last_message: last },
          abort.signal,
        )) as Single
        if (error) return items.put(error.code === 'draining' ? { is: 'end' } : { is: 'refused', code: error.code })
        if (gap) items.put({ is: 'gap', reason: undefined, oldest: undefined })
        if (!channel || !message) continue
        items.put(itemOf({ channel, message }))
        last = message.message_id
      }
    }
    run().catch(() => items.put({ is: 'end' }))
    return { items, close: () => abort.abort() }
  },
}

export const transports: readonly Transport[] = [tryton, poll, events, socket]
