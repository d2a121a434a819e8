import type { Prng } from '../../src/verify/prng.js'

/** One thing that goes wrong, at `atMs`, and for how long. Hosts are meant by index. */
export type Fault = { readonly atMs: number; readonly forMs: number } /**
 * The process ends after so many more effects; a new life of the host starts when the time is up. Silent: as by a
 * power cut, its peers' sockets are not told. `lost`: what it had sent is lost on the way.
 */ & (
  | {
      readonly kind: 'crash'
      readonly host: number
      readonly silent: boolean
      readonly lost: boolean
      readonly effects: number
    }
  /** Stopped for a while (or a long garbage collection); what came meanwhile is there when it wakes. */
  | { readonly kind: 'pause'; readonly host: number }
  /** Nothing passes from `a` to `b`, or in neither direction. */
  | { readonly kind: 'cut'; readonly a: number; readonly b: number; readonly oneWay: boolean }
  /** Nothing passes between these and all others. */
  | { readonly kind: 'partition'; readonly side: readonly number[] }
  /** The connection between two breaks, with all that was under way; they may connect again. */
  | { readonly kind: 'reset'; readonly a: number; readonly b: number }
  /** Everything to, from and on this host takes longer. */
  | { readonly kind: 'slow'; readonly host: number; readonly byMs: number }
  /** The wall clock is set to another time, for good. */
  | { readonly kind: 'jump'; readonly host: number; readonly byMs: number }
  /** A graceful stop: drain, leave, gone; then a new life. */
  | { readonly kind: 'leave'; readonly host: number; readonly drainMs: number }
)

export type FaultKind = Fault['kind'] | 'swizzle' | 'twice' | 'blackout'

/** All that a swarm draws from; a blackout it may come to by itself. */
export const faultKinds: readonly FaultKind[] = [
  'crash',
  'twice',
  'pause',
  'cut',
  'partition',
  'swizzle',
  'reset',
  'slow',
  'jump',
  'leave',
]

export interface FaultPlan {
  readonly kinds: readonly FaultKind[]
  readonly hosts: number
  /** From the start of the load to the time when everything heals. */
  readonly fromMs: number
  readonly untilMs: number
  /** Mean time from one fault to the next. */
  readonly everyMs: number
  readonly longestMs: number
}

/** All faults of a run, decided before it starts. */
export const planFaults = (plan: FaultPlan, prng: Prng): Fault[] => {
  const faults: Fault[] = []
  if (plan.kinds.length === 0) return faults
  for (let atMs = plan.fromMs + prng.wait(plan.everyMs); atMs < plan.untilMs; atMs += prng.wait(plan.everyMs))
    faults.push(...make(prng.pick(plan.kinds), { atMs, forMs: prng.scaled(20, plan.longestMs) }, plan, prng))
  return faults
}

interface Span {
  readonly atMs: number
  readonly forMs: number
}

const make = (kind: FaultKind, span: Span, plan: FaultPlan, prng: Prng): Fault[] => {
  const host = prng.below(plan.hosts)
  const other = plan.hosts > 1 ? (host + 1 + prng.below(plan.hosts - 1)) % plan.hosts : host
  switch (kind) {
    case 'crash':
      return [crash(host, span, prng)]
    case 'twice': {
      const laterMs = span.atMs + prng.scaled(1, 2000)
      return [crash(host, span, prng), crash(other, { atMs: laterMs, forMs: span.forMs }, prng)]
    }
    case 'blackout':
      return Array.from({ length: plan.hosts }, (_, i) =>
        crash(i, { atMs: span.atMs + prng.scaled(0.1, 50), forMs: span.forMs + prng.scaled(1, 500) }, prng),
      )
    case 'pause':
      return [{ kind, host, ...span }]
    case 'cut':
      return other === host ? [] : [{ kind, a: host, b: other, oneWay: prng.chance(0.4), ...span }]
    case 'reset':
      return other === host ? [] : [{ kind, a: host, b: other, atMs: span.atMs, forMs: 0 }]
    case 'partition':
      return plan.hosts < 2 ? [] : [{ kind, side: someHosts(plan.hosts, prng), ...span }]
    case 'swizzle':
      return plan.hosts < 2 ? [] : swizzle(span, plan, prng)
    case 'slow':
      return [{ kind, host, byMs: prng.scaled(5, 600), ...span }]
    case 'jump':
      return [{ kind, host, byMs: (prng.chance(0.5) ? 1 : -1) * prng.scaled(10, 120_000), atMs: span.atMs, forMs: 0 }]
    case 'leave':
      return [{ kind, host, drainMs: prng.scaled(1, 1000), ...span }]
  }
}

const crash = (host: number, span: Span, prng: Prng): Fault => ({
  kind: 'crash',
  host,
  silent: prng.chance(0.3),
  lost: prng.chance(0.6),
  effects: prng.chance(0.5) ? 0 : prng.whole(1, 12),
  ...span,
})

const someHosts = (hosts: number, prng: Prng): number[] =>
  prng.some(
    Array.from({ length: hosts }, (_, i) => i),
    1,
    hosts - 1,
  )

/** Clogs one host after the other, and unclogs them in another order: it finds more than any other fault. */
const swizzle = (span: Span, plan: FaultPlan, prng: Prng): Fault[] =>
  someHosts(plan.hosts + 1, prng)
    .filter((host) => host < plan.hosts)
    .map((host) => {
      const atMs = span.atMs + prng.next() * span.forMs * 0.5
      return { kind: 'partition', side: [host], atMs, forMs: prng.next() * span.forMs + 10 }
    })

export const faultText = (fault: Fault): string => {
  const { kind, atMs, forMs, ...rest } = fault
  return `${atMs.toFixed(0)} ms: ${kind} for ${forMs.toFixed(0)} ms ${JSON.stringify(rest)}`
}
