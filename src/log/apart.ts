import type { Draft, KeptDraft } from './record.js'

/** Shorter pieces of a text V8 copies; each longer one keeps all of the text alive. */
export const pieceLength = 13

/** The same text, for what is kept long: nothing of what it was cut out of is kept with it. No half of a pair may be in it. */
export const apart = (text: string): string => (text.length < pieceLength ? text : Buffer.from(text).toString())

const bytesApart = (text: string): string =>
  text.length < pieceLength ? text : Buffer.from(text, 'latin1').toString('latin1')

/**
 * The same draft, for who keeps it longer than a step. Its content may be a piece of the request that it came in; where it
 * is kept at last it is copied anyway (`Arena`).
 */
export const draftApart = (draft: Draft): KeptDraft => {
  const { head, tail } = draft
  return { ...draft, head: bytesApart(head), tail: typeof tail === 'string' ? bytesApart(tail) : tail.toString() }
}
