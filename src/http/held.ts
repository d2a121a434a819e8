/** What has come on a connection and is read later: bytes of its own, and the same as latin1. */
export interface Held {
  readonly bytes: Buffer
  readonly text: string
}

export const heldOf = (bytes: Buffer): Held => ({ bytes, text: bytes.toString('latin1') })

/** All from `at` on. It is read a little at a time, and so is neither copied nor put in words anew each time. */
export const restOf = ({ bytes, text }: Held, at: number): Held =>
  at === 0 ? { bytes, text } : { bytes: bytes.subarray(at), text: text.slice(at) }
