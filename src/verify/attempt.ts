import { RefusedError } from '../client/errors.js'
import { subprotocol } from '../client/socket.js'
import { Trouble } from '../client/trouble.js'
import type { Told } from './check/history.js'
import { attemptMs, type Target, type World, wordsOf } from './world.js'

/** What came of one try; `isUnfit`: it would be refused again. */
export type Outcome = Pick<Told, 'outcome' | 'id' | 'copies' | 'duplicate' | 'why'> & { readonly isUnfit?: true }

interface Published {
  readonly message_id: string
  readonly copies: number
  readonly duplicate?: true
}

const acknowledged = ({ message_id: id, copies, duplicate }: Published): Outcome => ({
  outcome: 'acknowledged',
  id,
  copies,
  ...(duplicate ? { duplicate } : {}),
})

/** One request to one node, and what is known of its fate then. */
export const byHttp = async (world: World, { url }: Target, body: string): Promise<Outcome> => {
  const request = { method: 'POST', path: `${world.path}/publish`, body } as const
  try {
    const { text } = await world.http.send(url, request, attemptMs, new AbortController().signal)
    return acknowledged(JSON.parse(text))
  } catch (error) {
    const why = wordsOf(error)
    if (error instanceof RefusedError) return { outcome: 'refused', why, isUnfit: true }
    if (error instanceof Trouble && !error.inDoubt) return { outcome: 'refused', why }
    return { outcome: 'unknown', why }
  }
}

interface Said extends Partial<Published> {
  readonly type: string
  readonly outcome?: string
  readonly error?: { readonly code: string; readonly message: string }
}

const outcomeOf = (said: Said): Outcome => {
  const { message_id: id, copies = 0, duplicate, error, outcome } = said
  if (said.type === 'published' && id !== undefined)
    return acknowledged({ message_id: id, copies, ...(duplicate ? { duplicate } : {}) })
  return { outcome: outcome === 'unknown' ? 'unknown' : 'refused', why: error?.message ?? said.type }
}

/** The same in a frame, on a WebSocket of its own. */
export const bySocket = async (world: World, { url }: Target, body: string): Promise<Outcome> => {
  const headers = await world.http.headers()
  const socket = world.ports.openSocket(`${url.replace(/^http/, 'ws')}${world.path}/socket`, subprotocol, headers)
  let isSent = false
  const outcome = await new Promise<Outcome>((resolve) => {
    const lost = (why: string): void => resolve({ outcome: isSent ? 'unknown' : 'refused', why })
    const timer = setTimeout(() => lost('no answer in time'), attemptMs)
    socket.onopen = () => {
      isSent = true
      socket.send(`{"type":"publish","id":1,${body.slice(1)}`)
    }
    socket.onmessage = ({ data }: { data: unknown }) => {
      const said: Said = JSON.parse(String(data))
      if (said.type === 'published' || said.type === 'error') resolve(outcomeOf(said))
    }
    socket.onerror = ({ message }: { message?: string }) => lost(message ?? 'no socket')
    socket.onclose = ({ code }: { code: number }) => {
      clearTimeout(timer)
      lost(`closed with ${code}`)
    }
  })
  socket.close(1000)
  return outcome
}
