import { BytePiece } from '../../src/http/piece.js'
import type { Draft, KeptDraft } from '../../src/log/record.js'

const wire = Buffer.alloc(2 ** 20)

/**
 * The same drafts as they come from a connection: the content of every other one is a piece of what was read, and the next
 * that is read comes in its place.
 */
export const asRead = (drafts: readonly KeptDraft[]): Draft[] => {
  let end = 0
  return drafts.map((draft) => {
    const { tail } = draft
    if (tail.length % 2 === 1 || end + tail.length > wire.length) return draft
    const from = end
    end += wire.write(tail, from, 'latin1')
    return { ...draft, tail: new BytePiece(wire, from, end) }
  })
}
