import { RefusedError } from './errors.js'
import type { FetchReply } from './ports.js'

const tooFast = 'too_many_requests'

/** One node did not do it; another one, or the same one later, may. */
export class Trouble extends Error {
  constructor(
    readonly server: string,
    readonly why: string,
    /** What was asked for may have been done all the same. */
    readonly inDoubt: boolean,
    /** When the node said to come back. */
    readonly hintMs = 0,
    /** Said by the node, and no fault of it: to be passed over, but not to be waited for. */
    readonly isFarewell = false,
    /** What it is called in the error of an answer. */
    readonly code = '',
  ) {
    super(`${server}: ${why}`)
  }

  /** The node is well, and has said when it takes more of this client. Another node would say the same sooner or later. */
  get isTooFast(): boolean {
    return this.code === tooFast && this.hintMs > 0
  }
}

const again = new Set([408, 425, 429, 500, 502, 503, 504])

/** Where Node says why: no connection was made, so nothing was asked. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

const causeOf = (error: unknown): unknown => (error instanceof Error && error.cause) || error

const codeOf = (error: unknown): string => {
  const cause = causeOf(error)
  // An address with several meanings fails with one error that holds the others.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause
  return first instanceof Error && 'code' in first ? String(first.code) : ''
}

/** `fetch` threw, the connection broke, or what came made no sense. A refusal stays one. */
export const troubleOf = (server: string, error: unknown): Trouble | RefusedError => {
  if (error instanceof Trouble || error instanceof RefusedError) return error
  const code = codeOf(error)
  const cause = causeOf(error)
  const words = cause instanceof Error ? cause.message : String(cause)
  return new Trouble(server, code === 'ECONNREFUSED' ? 'nobody listens there' : words, !neverSent.has(code))
}

interface Told {
  readonly error?: { readonly code?: string; readonly message?: string }
  readonly outcome?: string
  /** Seconds. Said in the body, too, since pages may not see the header. */
  readonly retry_after?: number
}

/** What an error answer says, whoever wrote it: ours in JSON, or a proxy's page. */
const toldBy = (text: string): Told => {
  try {
    const told: Told | null = JSON.parse(text)
    return typeof told === 'object' && told !== null ? told : {}
  } catch {
    return {}
  }
}

/** An answer that is no 2xx: to be tried elsewhere, or refused for good. */
export const troubleFor = (server: string, reply: Pick<FetchReply, 'status' | 'headers'>, text: string): Error => {
  const { status, headers } = reply
  const { error, outcome, retry_after: told = 0 } = toldBy(text)
  const why = error?.message ?? `status ${status}`
  if (!again.has(status)) return new RefusedError(error?.code ?? 'refused', why, status, server)
  const inDoubt = outcome === 'unknown' || (status >= 500 && status !== 503)
  const hintMs = Math.max(0, Number(headers.get('retry-after')) || Number(told) || 0) * 1000
  // A proxy says it without our words.
  return new Trouble(server, why, inDoubt, hintMs, false, error?.code ?? (status === 429 ? tooFast : ''))
}

/** Refusals on a stream that another node, or the same one later, may not make. */
const passing = new Set([
  'not_ready',
  'draining',
  'overloaded',
  'auth_unavailable',
  'too_many_requests',
  'timeout',
  'internal',
])

/** A stream has said why it ends. */
export const troubleSaid = (
  server: string,
  { code = '', message = code }: NonNullable<Told['error']>,
  hintMs = 0,
): Error =>
  passing.has(code) ? new Trouble(server, message, false, hintMs) : new RefusedError(code, message, 0, server)
