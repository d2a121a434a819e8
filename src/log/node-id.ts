/** One life of a node: 8 characters of start time and 6 of chance. Compared as text, the older sorts first. */
export type NodeId = string & { readonly __node: unique symbol }

/** In ASCII order, so that numbers written with it sort as text. Safe in URLs, headers and JSON. */
export const alphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

const form = /^[-0-9A-Z_a-z]{14}$/

/** `number` as exactly `width` digits of base 64; it must be a whole number that fits. */
export const digits = (number: number, width: number): string => {
  let text = ''
  let rest = number
  for (let i = 0; i < width; i++) {
    text = alphabet.charAt(rest % 64) + text
    rest = Math.floor(rest / 64)
  }
  return text
}

/** A new identity, from the wall clock in milliseconds and dice in [0, 1). */
export const makeNodeId = (wallMs: number, random: () => number): NodeId =>
  (digits(wallMs, 8) + digits(Math.floor(random() * 2 ** 36), 6)) as NodeId

/** What the identity of a stream begins with; that of a node begins with its time, which is far from it until the year 2248. */
const streamMark = 'z'

/** The identity of a stream of another log: 7 characters of the time it was made, 6 of a digest of what else there is of it. */
export const makeStreamId = (createdMs: number, digest: number): NodeId =>
  (streamMark + digits(createdMs, 7) + digits(digest, 6)) as NodeId

export const isStreamId = (id: NodeId): boolean => id.startsWith(streamMark)

export const parseNodeId = (text: unknown): NodeId | undefined =>
  typeof text === 'string' && form.test(text) ? (text as NodeId) : undefined

/** When this life began, by the wall of its node, in milliseconds. */
export const bornAt = (id: NodeId): number => {
  let ms = 0
  for (const digit of id.slice(0, 8)) ms = ms * 64 + alphabet.indexOf(digit)
  return ms
}
