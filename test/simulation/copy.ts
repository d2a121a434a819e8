/**
 * What goes over the wire is a value: nothing that the sender does later may change it, and no receiver may change it
 * for another. So a message is copied as it is sent, and the copy frozen. Bytes are shared: nobody writes to them, and
 * their identity tells the checkers which message they are.
 */
export const copy = <T>(value: T): T => copyOf(value) as T

const copyOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return Object.freeze(value.map(copyOf))
  const made: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) made[name] = copyOf(each)
  return Object.freeze(made)
}
