import { badFrame, closeCodes, Refusal } from './refusal.js'

/** A range of protocols, both ends included. */
export interface Protocols {
  readonly min: number
  readonly max: number
}

/**
 * What this node speaks with its peers. Whatever changes a frame, or what it means, raises `max`; `min` may not pass
 * what the release before speaks, so that nodes can be upgraded one after the other (test/live/upgrade.test.ts).
 *
 * 1: the first. 2: a record may have a `traceparent`; who speaks 1 is given it without.
 */
export const protocols: Protocols = { min: 1, max: 2 }

/** Of nodes that announce none. */
export const unannounced: Protocols = { min: 1, max: 1 }

/** Stands in the upgrade to a WebSocket and in its answer: no frame can, since even their form is for this to say. */
export const protocolHeader = 'Carillon-Protocol'

export const announce = ({ min, max }: Protocols): string => `${min}-${max}`

const rangeOf = (header: unknown): Protocols | undefined => {
  if (header === undefined) return unannounced
  const [, min, max] = /^(\d{1,6})-(\d{1,6})$/.exec(String(header)) ?? []
  return Number(min) <= Number(max) ? { min: Number(min), max: Number(max) } : undefined
}

const inWords = ({ min, max }: Protocols): string => (min === max ? `protocol ${min}` : `protocols ${min} to ${max}`)

/** The highest that both speak: of this node's range, and the one that the other's header announces. */
export const agree = (own: Protocols, header: unknown): number | Refusal => {
  const theirs = rangeOf(header)
  if (!theirs) return badFrame('no range of protocols')
  const highest = Math.min(own.max, theirs.max)
  if (highest >= Math.max(own.min, theirs.min)) return highest
  return new Refusal(closeCodes.wrongVersion, `it speaks ${inWords(theirs)}, and this node ${inWords(own)}`)
}
