/** Version, trace, parent and flags; neither trace nor parent is all zeros, and version ff is none (W3C Trace Context). */
const form = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const sampled = 1

/**
 * The trace that a publisher says its message belongs to, as it is handed on: by version 00, of 55 characters. What is
 * malformed is no trace, and no error either. Of a later version, that may hold more, is taken what version 00 knows.
 */
export const traceparentOf = (text: unknown): string | undefined => {
  if (typeof text !== 'string' || text.length < 55) return undefined
  const [, version, ids, flags = '', more] = form.exec(text) ?? []
  if (ids === undefined) return undefined
  if (version === '00') return more === undefined ? text : undefined
  return `00-${ids}-0${Number.parseInt(flags, 16) & sampled}`
}
