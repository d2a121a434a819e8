/** Shorter pieces of a text V8 copies; each longer one keeps all of the text alive. */
export const pieceLength = 13

/** The same text, for what is kept long: nothing of what it was cut out of is kept with it. No half of a pair may be in it. */
export const apart = (text: string): string => (text.length < pieceLength ? text : Buffer.from(text).toString())
